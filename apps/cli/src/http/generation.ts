/** The generation of the desired state that an answer shows, from its ETag. */
export function generationIn(headers: Headers): number | undefined {
  const [, digits] = /^(?:W\/)?"(\d{1,15})"$/.exec(headers.get('etag') ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** The header that has a write refused when another generation is current. */
export const ifGeneration = (generation: number | undefined): Readonly<Record<string, string>> =>
  generation === undefined ? {} : { 'if-match': `"${generation}"` };
