import type { ParseResult } from './parse-result.js';

const printable = /^[\x20-\x7e]{1,64}$/;
const generation = /^(?:W\/)?(?:"(\d{1,15})"|(\d{1,15}))$/;

const absent = { value: undefined, issues: [] };

/** Header `Idempotency-Key`: the same key with the same request gets the same response for 24 hours. */
export function parseIdempotencyKey(header: string | undefined): ParseResult<string | undefined> {
  if (header === undefined) return absent;
  if (printable.test(header)) return { value: header, issues: [] };
  return { value: undefined, issues: [{ path: 'Idempotency-Key', message: 'must be 1 to 64 printable characters' }] };
}

/** Header `If-Match`: the generation that the caller last read, as an ETag (`"7"`) or a plain number; `*` matches any. */
export function parseIfMatch(header: string | undefined): ParseResult<number | undefined> {
  if (header === undefined || header === '*') return absent;
  const match = generation.exec(header);
  if (match !== null) return { value: Number(match[1] ?? match[2]), issues: [] };
  return { value: undefined, issues: [{ path: 'If-Match', message: 'must be a generation like "7"' }] };
}
