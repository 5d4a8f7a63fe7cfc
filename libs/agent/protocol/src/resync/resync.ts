import { createHash } from 'node:crypto';
import { z } from 'zod';
import { rootHash } from '../catalog/agent-reports.js';
import { digest, generation, osid, report, revision, text } from '../catalog/message.js';
import { maxResyncBytes } from '../wire/limits.js';

/** The instances of a cluster are distributed over this many buckets, by the hash of their OSID. */
export const bucketCount = 256;

const bucketIndex = z
  .int()
  .min(0)
  .max(bucketCount - 1);

/** OSIDs in one `orphans` step. */
export const maxOrphans = 4000;

/** One stored instance, which must be equal on both sides. A tombstone has `tombstoneDigest`. */
export const resyncEntry = z.object({
  osid,
  revision,
  digest,
  kindsDigest: digest.optional(),
  writersDigest: digest.optional(),
  /** Not in the hashes. Older agents send none. */
  generation: generation.optional(),
});
export type ResyncEntry = z.output<typeof resyncEntry>;

/** The hashes and entries include the digests of the kinds of bundles. */
const kinds = z.boolean().optional();

/** The hashes and entries include the digests of the allowed writers of bundles. */
const writers = z.boolean().optional();

const question = z.discriminatedUnion('step', [
  z.object({ step: z.literal('root'), count: z.int().min(0), root: rootHash, kinds, writers }),
  z.object({ step: z.literal('buckets'), buckets: z.array(rootHash).length(bucketCount), kinds, writers }),
  z.object({
    step: z.literal('list'),
    /** The buckets that this page contains completely, including empty ones. */
    buckets: z.array(bucketIndex).max(bucketCount),
    entries: z.array(resyncEntry).max(4000),
    kinds,
    writers,
    /** No page follows. */
    last: z.boolean(),
  }),
  /** The hashes of the acknowledged statuses (`statusBuckets`), to find those that the plane has lost. */
  z.object({ step: z.literal('statuses'), buckets: z.array(rootHash).length(bucketCount) }),
  /** Instances whose namespaces are in the cluster without a stored bundle. The plane deletes those that were deleted. */
  z.object({ step: z.literal('orphans'), osids: z.array(osid).max(maxOrphans) }),
]);

/**
 * Compares the bundles that the agent stores with the desired ones. It compares first the root hash, then bucket
 * hashes, then the lists of differing buckets in pages of at most 256 KiB. The plane repairs differences by
 * APPLY_BUNDLE and DELETE_BUNDLE.
 */
export const RESYNC = report({
  type: 'RESYNC',
  body: question,
  reply: z.object({
    /** The reply to `root`. */
    equal: z.boolean().optional(),
    /** The reply to `buckets`: the agent sends the lists of these. To `statuses`: it reports these again. */
    differing: z.array(bucketIndex).max(bucketCount).optional(),
    /** The reply to `list`: instances without a record in the plane. The agent keeps them and reports `Orphaned`. */
    unknown: z.array(text(63)).max(4000).optional(),
  }),
  deadlineMs: 15_000,
});

/** The digest of an instance that is being deleted. */
export const tombstoneDigest = '0'.repeat(64);

const hashBytes = 16;
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The first byte of the OSID's SHA-256; in SQL `get_byte(sha256(convert_to(osid, 'UTF8')), 0)`. */
export const bucketOf = (osid: string): number => sha256(osid)[0] ?? 0;

function textOf({ osid, revision, digest, kindsDigest, writersDigest }: ResyncEntry): string {
  const kinds = kindsDigest === undefined ? '' : ` ${kindsDigest}`;
  const writers = writersDigest === undefined ? '' : ` writers ${writersDigest}`;
  return `${osid} ${revision} ${digest}${kinds}${writers}`;
}

function fold(into: Buffer, text: string): void {
  const hash = sha256(text);
  for (let i = 0; i < hashBytes; i += 1) into[i] = (into[i] ?? 0) ^ (hash[i] ?? 0);
}

/**
 * One hash over all entries, independent of their order: the xor of the first 128 bits of the SHA-256 of
 * `<osid> <revision> <digest>[ <kindsDigest>][ writers <writersDigest>]`. PostgreSQL computes the same with
 * `bit_xor(('x' || left(encode(sha256(…), 'hex'), 32))::bit(128))`.
 */
export function rootOf(entries: Iterable<ResyncEntry>): string {
  const root = Buffer.alloc(hashBytes);
  for (const entry of entries) fold(root, textOf(entry));
  return root.toString('hex');
}

/** The same hash per bucket, all 256 of them; their xor is the root. */
export const bucketHashes = (entries: Iterable<ResyncEntry>): string[] =>
  xorByBucket([...entries].map((entry) => ({ osid: entry.osid, text: textOf(entry) })));

function xorByBucket(texts: readonly { readonly osid: string; readonly text: string }[]): string[] {
  const buckets = Array.from({ length: bucketCount }, () => Buffer.alloc(hashBytes));
  for (const { osid, text } of texts) {
    const bucket = buckets[bucketOf(osid)];
    if (bucket !== undefined) fold(bucket, text);
  }
  return buckets.map((bucket) => bucket.toString('hex'));
}

/** A status of an instance that the plane has acknowledged. */
export interface AcknowledgedStatus {
  readonly osid: string;
  readonly hash: string;
}

/** The xor per bucket of the first 128 bits of the SHA-256 of `<osid> <hash>`. */
export const statusBuckets = (statuses: Iterable<AcknowledgedStatus>): string[] =>
  xorByBucket([...statuses].map(({ osid, hash }) => ({ osid, text: `${osid} ${hash}` })));

/** The buckets whose hashes differ. */
export const differingBuckets = (here: readonly string[], there: readonly string[]): number[] =>
  Array.from({ length: bucketCount }, (_, index) => index).filter((index) => here[index] !== there[index]);

export interface ResyncPage {
  readonly step: 'list';
  readonly buckets: number[];
  readonly entries: ResyncEntry[];
  readonly kinds: true;
  readonly writers: true;
  readonly last: boolean;
}

/** Base64 adds a third. 4 KiB are reserved for the fields beside the entries. */
const maxPageJson = Math.floor((maxResyncBytes * 3) / 4) - 4096;
const maxEntries = 4000;

/** The lists of the differing buckets. A page contains whole buckets and fits into an envelope of 256 KiB. */
export function resyncPages(entries: Iterable<ResyncEntry>, differing: readonly number[]): ResyncPage[] {
  const byBucket = new Map<number, ResyncEntry[]>(differing.map((index) => [index, []]));
  for (const entry of entries) byBucket.get(bucketOf(entry.osid))?.push(entry);
  let page: { buckets: number[]; entries: ResyncEntry[] } = { buckets: [], entries: [] };
  const pages = [page];
  let bytes = 0;
  for (const [index, members] of byBucket) {
    const addedBytes = members.reduce((sum, entry) => sum + JSON.stringify(entry).length + 1, 4);
    if (
      page.buckets.length > 0 &&
      (bytes + addedBytes > maxPageJson || page.entries.length + members.length > maxEntries)
    ) {
      page = { buckets: [], entries: [] };
      pages.push(page);
      bytes = 0;
    }
    bytes += addedBytes;
    page.buckets.push(index);
    page.entries.push(...members);
  }
  const included = { kinds: true, writers: true } as const;
  return pages.map((each, index) => ({ step: 'list', ...each, ...included, last: index === pages.length - 1 }));
}
