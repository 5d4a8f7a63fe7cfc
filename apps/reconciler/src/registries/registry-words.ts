/** Longer words of a registry are cut, characters. */
const maxLength = 200;

/** The message of a registry about a refusal, as one line; empty without one. Secrets in it are replaced. */
export function wordsOf(body: string, secrets: readonly string[]): string {
  const hidden = secrets
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .reduce((text, secret) => text.replaceAll(secret, '***'), messageIn(body));
  const line = hidden.replaceAll(/[\p{C}\s]+/gu, ' ').trim();
  return line.length > maxLength ? `${line.slice(0, maxLength)}…` : line;
}

/** The message of an error in the form of the distribution specification, or of the common forms of token services. */
function messageIn(body: string): string {
  const read = parse(body);
  const { errors, details, message, error_description: description } = fieldsOf(read);
  const [first] = Array.isArray(errors) ? (errors as unknown[]) : [];
  const candidates = [fieldsOf(first)['message'], details, message, description, fieldsOf(first)['code']];
  return candidates.find((each): each is string => typeof each === 'string' && each.trim() !== '') ?? '';
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> => Object(value) as Record<string, unknown>;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
