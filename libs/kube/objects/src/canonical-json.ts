import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { KubeObject } from './kube-object.js';

// The package is CommonJS but its types say `export default`, which here means the function itself.
const serialize = canonicalize as unknown as (value: unknown) => string | undefined;

/** RFC 8785: keys sorted, no spaces, one form per number. */
export function canonicalJson(value: unknown): string {
  const text = serialize(value);
  if (text === undefined) throw new TypeError(`${typeof value} cannot be serialized as JSON`);
  return text;
}

/** SHA-256 in lower-case hex of the canonical JSON of the objects in the given order: the identity of a bundle. */
export const digestOf = (objects: readonly KubeObject[]): string =>
  createHash('sha256').update(canonicalJson(objects)).digest('hex');
