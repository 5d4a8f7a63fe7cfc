import { z } from 'zod';
import { rootHash } from './agent-reports.js';
import { digest, osid, revision, text } from './field.js';
import { report } from './message.js';

/** The instances of a cluster are distributed over this many buckets, by the hash of their OSID. */
export const bucketCount = 256;

const bucketIndex = z
  .int()
  .min(0)
  .max(bucketCount - 1);

/** One stored instance, which must be equal on both sides. A tombstone has `tombstoneDigest`. */
export const resyncEntry = z.object({ osid, revision, digest });
export type ResyncEntry = z.output<typeof resyncEntry>;

const question = z.discriminatedUnion('step', [
  z.object({ step: z.literal('root'), count: z.int().min(0), root: rootHash }),
  z.object({ step: z.literal('buckets'), buckets: z.array(rootHash).length(bucketCount) }),
  z.object({
    step: z.literal('list'),
    /** The buckets that this page contains completely, including empty ones. */
    buckets: z.array(bucketIndex).max(bucketCount),
    entries: z.array(resyncEntry).max(4000),
    /** No page follows. */
    last: z.boolean(),
  }),
]);

/**
 * Compares the bundles that the agent stores with the desired ones: first the root hash, then bucket hashes, then the
 * lists of differing buckets in pages of at most 256 KiB. The plane repairs differences by APPLY_BUNDLE and DELETE_BUNDLE.
 */
export const RESYNC = report({
  type: 'RESYNC',
  body: question,
  reply: z.object({
    /** The reply to `root`. */
    equal: z.boolean().optional(),
    /** The reply to `buckets`: the agent sends the lists of these. */
    differing: z.array(bucketIndex).max(bucketCount).optional(),
    /** The reply to `list`: instances without a record in the plane. The agent keeps them and reports `Orphaned`. */
    unknown: z.array(text(63)).max(4000).optional(),
  }),
  deadlineMs: 15_000,
});
