import { z } from 'zod';
import { digest, osid, revision, text } from './field.js';
import { rootHash } from './hello.js';
import { report } from './message.js';

/** How many buckets the instances of a cluster are spread over, by hash of their OSID. */
export const bucketCount = 256;

const bucketIndex = z
  .int()
  .min(0)
  .max(bucketCount - 1);

/** One instance as it is stored: what both sides must agree on. A tombstone has `tombstoneDigest`. */
export const resyncEntry = z.object({ osid, revision, digest });
export type ResyncEntry = z.output<typeof resyncEntry>;

const question = z.discriminatedUnion('step', [
  z.object({ step: z.literal('root'), count: z.int().min(0), root: rootHash }),
  z.object({ step: z.literal('buckets'), buckets: z.array(rootHash).length(bucketCount) }),
  z.object({
    step: z.literal('list'),
    /** The buckets this page holds completely, also those that are empty here. */
    buckets: z.array(bucketIndex).max(bucketCount),
    entries: z.array(resyncEntry).max(4000),
    /** No page follows: what differs has been told. */
    last: z.boolean(),
  }),
]);

/**
 * What the agent stores against what the plane wants: root, then bucket hashes, then the lists of the buckets that
 * differ, in pages of at most 256 KiB. Differences come back as APPLY_BUNDLE and DELETE_BUNDLE.
 */
export const RESYNC = report({
  type: 'RESYNC',
  body: question,
  reply: z.object({
    /** Answers `root`. */
    equal: z.boolean().optional(),
    /** Answers `buckets`: whose lists to send. */
    differing: z.array(bucketIndex).max(bucketCount).optional(),
    /** Answers `list`: instances the plane does not know. The agent keeps them and reports `Orphaned`. */
    unknown: z.array(text(63)).max(4000).optional(),
  }),
  deadlineMs: 15_000,
});
