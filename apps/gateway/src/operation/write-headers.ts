import type { Reading } from './reading.js';

const printable = /^[\x20-\x7e]{1,64}$/;
const generation = /^(?:W\/)?(?:"(\d{1,15})"|(\d{1,15}))$/;

const none = { value: undefined, issues: [] };

/** Header `Idempotency-Key`: the same key with the same request gets the same answer for 24 hours. */
export function readIdempotencyKey(header: string | undefined): Reading<string | undefined> {
  if (header === undefined) return none;
  if (printable.test(header)) return { value: header, issues: [] };
  return { value: undefined, issues: [{ path: 'Idempotency-Key', message: 'must be 1 to 64 printable characters' }] };
}

/** Header `If-Match`: the generation that the caller last read, as its ETag (`"7"`) or as a plain number; `*` is any. */
export function readExpectedGeneration(header: string | undefined): Reading<number | undefined> {
  if (header === undefined || header === '*') return none;
  const read = generation.exec(header);
  if (read !== null) return { value: Number(read[1] ?? read[2]), issues: [] };
  return { value: undefined, issues: [{ path: 'If-Match', message: 'must be a generation like "7"' }] };
}
