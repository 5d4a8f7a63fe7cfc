/** A secret, and a name for it in messages. */
export interface Secret {
  readonly name: string;
  readonly value: string;
}

/** Secrets that are recognized by their form: every RunOS token, every private key. */
const forms = [
  { name: 'some token', form: /runos_(?:pat|ses|reg|notify)_[a-z0-9]{12}\.[A-Za-z0-9_-]{43}/g },
  { name: 'some private key', form: /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/g },
];

/** The base64 of a text inside a longer one, at each offset, without the characters that depend on its neighbours. */
const withinBase64 = (text: string): string[] =>
  [0, 1, 2].map((offset) => {
    const encoded = Buffer.from('.'.repeat(offset) + text).toString('base64');
    return encoded.slice(offset === 0 ? 0 : offset + 1, Math.floor(((offset + text.length) * 4) / 3));
  });

const packed = [
  {
    name: 'some token, in base64',
    parts: ['pat', 'ses', 'reg', 'notify'].flatMap((kind) => withinBase64(`runos_${kind}_`)),
  },
  { name: 'some private key, in base64', parts: withinBase64('PRIVATE KEY-----') },
];

/** A value in clear, in base64, URL-encoded and in hexadecimal. */
const encodingsOf = (value: string): string[] => [
  ...new Set([value, encodeURIComponent(value), Buffer.from(value).toString('hex'), ...withinBase64(value)]),
];

/** The names of the secrets that a text contains. */
export function secretsIn(text: string, secrets: readonly Secret[]): string[] {
  const known = new Set(secrets.map(({ value }) => value));
  return [
    ...secrets
      .filter(({ value }) => encodingsOf(value).some((encoded) => text.includes(encoded)))
      .map(({ name }) => name),
    ...forms
      .filter(({ form }) => [...text.matchAll(form)].some(([match]) => !known.has(match)))
      .map(({ name }) => name),
    ...packed.filter(({ parts }) => parts.some((part) => text.includes(part))).map(({ name }) => name),
  ];
}
