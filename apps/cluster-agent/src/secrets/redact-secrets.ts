import { type KubeObject, mapAt } from '@runos/kube-objects';

/** How values are replaced. Shorter ones are in any text by chance. */
const logs = { minBytes: 8, replacement: '[redacted]' };

/** A text without the values of some Secrets. */
export type Redact = (text: string) => string;

/**
 * Replaces each value of at least `minBytes` bytes, by default 8. Parts of a value count too: the password of a URL, and
 * each line, because programs print PEM files line by line. So do the forms of base64, JSON and URLs.
 */
export function redactSecrets(objects: readonly KubeObject[], { minBytes, replacement } = logs): Redact {
  const secrets = objects.filter(({ kind }) => kind === 'Secret');
  const values = new Set(secrets.flatMap(valuesOf).flatMap(partsOf).flatMap(formsOf));
  const searched = [...values]
    .filter((value) => Buffer.byteLength(value) >= minBytes)
    // A value may contain another one.
    .sort((a, b) => b.length - a.length);
  return (text) => searched.reduce((rest, value) => rest.replaceAll(value, replacement), text);
}

const valuesOf = (secret: KubeObject): string[] => [
  ...Object.values(mapAt(secret, 'data')).map((value) => Buffer.from(String(value), 'base64').toString('utf8')),
  ...Object.values(mapAt(secret, 'stringData')).map(String),
];

const partsOf = (value: string): string[] => [value, ...value.split(/\r?\n/), ...passwordOf(value)];

function passwordOf(value: string): string[] {
  if (!URL.canParse(value)) return [];
  const { password } = new URL(value);
  return [password, decoded(password)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a percent sign of its own
  }
}

const formsOf = (value: string): string[] => [
  value,
  Buffer.from(value).toString('base64'),
  JSON.stringify(value).slice(1, -1),
  encodeURIComponent(value.toWellFormed()),
];
