/** What a registry requests: a token of another address, or user name and password. */
export type Challenge =
  | { readonly scheme: 'bearer'; readonly realm: URL; readonly service: string | undefined }
  | { readonly scheme: 'basic' };

/**
 * The challenge of `WWW-Authenticate` headers (RFC 9110, and the token specification of the Distribution project).
 * Undefined without one that is known.
 */
export function parseChallenge(header: string): Challenge | undefined {
  const challenges = challengesIn(header);
  const bearer = challenges.get('bearer');
  if (bearer === undefined) return challenges.has('basic') ? { scheme: 'basic' } : undefined;
  const realm = bearer.get('realm') ?? '';
  return URL.canParse(realm) ? { scheme: 'bearer', realm: new URL(realm), service: bearer.get('service') } : undefined;
}

/** The quoted parameters of each challenge, by scheme and name in lower case. It takes linear time for every header. */
function challengesIn(header: string): Map<string, Map<string, string>> {
  const challenges = new Map<string, Map<string, string>>();
  const parts = header.split('"');
  let parameters: Map<string, string> | undefined;
  for (let index = 0; index < parts.length; index += 2) {
    for (const word of (parts[index] ?? '').toLowerCase().split(/[ ,]/)) {
      if (word.endsWith('=')) parameters?.set(word.slice(0, -1), parts[index + 1] ?? '');
      else if (word !== '' && !word.includes('=')) challenges.set(word, (parameters = new Map<string, string>()));
    }
  }
  return challenges;
}
