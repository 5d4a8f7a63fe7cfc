import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** The package's types say `export default`, which for a CommonJS package means something else. */
const serialize = canonicalize as unknown as (value: unknown) => string | undefined;

/** What makes two uses of one idempotency key the same request: the operation and its body, however that is written. */
export const requestHash = (operation: string, body: unknown): string =>
  createHash('sha256')
    .update(`${operation}\n${serialize(body) ?? ''}`)
    .digest('hex');
