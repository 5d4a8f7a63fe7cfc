import { documentation } from '@runos/catalog-model';
import { z } from 'zod';

/** ISO 8601 in UTC (`2030-02-11T09:30:00.000Z`). */
export const Timestamp = z.iso.datetime();

/** UUID of a job, as in `GET /jobs/:id`. */
export const JobId = z.uuid();

/** Output of a write that a job completes. */
export const Accepted = z.object({ jobId: JobId });

/** What a user should know of a write that is accepted. Absent: nothing. */
export const Warnings = z.array(z.string()).optional();

/** Output of a write that finds nothing to change. */
export const Unchanged = z.object({
  osid: z.string(),
  noOp: z.literal(true),
  message: z.string(),
  warnings: Warnings,
});

/** In this order: a job was created; nothing differed. `warnings`: that its cluster has not tried the change, and why. */
export const ChangedSpec = z.union([Accepted.extend({ warnings: Warnings }), Unchanged]);

/** The largest value of PostgreSQL's `integer` and of Kubernetes' `int32`. */
export const maxInt32 = 2_147_483_647;

/** Number of changes of the desired state, counted from 1; what `ETag` and `If-Match` carry. */
export const Generation = z.int().register(documentation, {
  description: 'Generation of the desired state: the number of its changes.',
  unit: 'changes',
  minimum: 1,
  maximum: maxInt32,
});

/** Generation of the desired state that the agent last reported on; 0 before its first report. */
export const ObservedGeneration = z.int().register(documentation, {
  description: 'Generation of the desired state last reported by the agent, a number of changes.',
  unit: 'changes',
  minimum: 0,
  maximum: maxInt32,
});

/** Query of a paged list: `limit` entries per page (1 to `maxLimit`), from `cursor` on. Query values are strings. */
export const page = (defaultLimit: number, maxLimit: number) =>
  z.strictObject({
    limit: z.coerce
      .number()
      .int()
      .min(1)
      .max(maxLimit)
      .default(defaultLimit)
      .register(documentation, { description: 'Page size in entries.', unit: 'entries' }),
    cursor: z
      .string()
      .max(256)
      .optional()
      .register(documentation, { description: 'The `nextCursor` of the previous page.' }),
  });

/**
 * Query of a write that is refused when it would lose data, unless `force` is true. It has no default: the hash of a
 * request with an idempotency key contains the query, and stays that of earlier versions.
 */
export const Force = z.strictObject({
  force: z
    .enum(['true', 'false'])
    .optional()
    .register(documentation, { description: '`true` repeats a request that was refused with `conflict.data_loss`.' }),
});

/** Cursor of the next page; null on the last page. */
export const NextCursor = z.string().nullable();
