import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** The package's types declare `export default`, which is wrong for its CommonJS build. */
const serialize = canonicalize as unknown as (value: unknown) => string | undefined;

/** The hash by which two uses of an idempotency key are the same request: operation and canonical body. */
export const requestHash = (operation: string, body: unknown): string =>
  createHash('sha256')
    .update(`${operation}\n${serialize(body) ?? ''}`)
    .digest('hex');
