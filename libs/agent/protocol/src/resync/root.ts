import { createHash } from 'node:crypto';
import { bucketCount, type ResyncEntry } from '../catalog/resync-report.js';

/** The digest of an instance that is being deleted. */
export const tombstoneDigest = '0'.repeat(64);

const hashBytes = 16;
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The first byte of the OSID's SHA-256; in SQL `get_byte(sha256(convert_to(osid, 'UTF8')), 0)`. */
export const bucketOf = (osid: string): number => sha256(osid)[0] ?? 0;

function fold(into: Buffer, { osid, revision, digest }: ResyncEntry): void {
  const hash = sha256(`${osid} ${revision} ${digest}`);
  for (let i = 0; i < hashBytes; i += 1) into[i] = (into[i] ?? 0) ^ (hash[i] ?? 0);
}

/**
 * One hash over all entries, independent of their order: the xor of the first 128 bits of the SHA-256 of
 * `<osid> <revision> <digest>`. PostgreSQL computes the same with
 * `bit_xor(('x' || left(encode(sha256(…), 'hex'), 32))::bit(128))`.
 */
export function rootOf(entries: Iterable<ResyncEntry>): string {
  const root = Buffer.alloc(hashBytes);
  for (const entry of entries) fold(root, entry);
  return root.toString('hex');
}

/** The same hash per bucket, all 256 of them; their xor is the root. */
export function bucketHashes(entries: Iterable<ResyncEntry>): string[] {
  const buckets = Array.from({ length: bucketCount }, () => Buffer.alloc(hashBytes));
  for (const entry of entries) {
    const bucket = buckets[bucketOf(entry.osid)];
    if (bucket !== undefined) fold(bucket, entry);
  }
  return buckets.map((bucket) => bucket.toString('hex'));
}

/** The buckets whose hashes differ. */
export const differingBuckets = (here: readonly string[], there: readonly string[]): number[] =>
  Array.from({ length: bucketCount }, (_, index) => index).filter((index) => here[index] !== there[index]);
