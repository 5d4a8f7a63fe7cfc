import { dayMs } from '@runos/kernel';
import { type RetentionRule, runSql } from '@runos/persistence';

/** Jobs per transaction. Their log lines are deleted with them. */
const batchSize = 500;

/** The position before the first job: an update time and an id. */
const start = '-infinity/00000000-0000-0000-0000-000000000000';

/** The job `j` has not changed for `$1` ms and is not refreshed any more: it has ended, or the reconciler has lost it. */
const expired = `j.refresh_at IS NULL AND j.updated_at < now() - $1 * interval '1 ms'`;

/**
 * The last job of an instance stays, because it explains the state of the instance. A completed deletion is the last job
 * of no instance.
 */
const replaced = `(j.osid IS NULL OR (j.type = 'service.delete' AND j.status = 'completed')
  OR EXISTS (SELECT 1 FROM job n WHERE n.aid = j.aid AND n.osid = j.osid AND n.id > j.id))`;

/** The jobs that stay are read once per run: each batch starts behind the one before it. */
const deleteBatch = `
  WITH candidate AS MATERIALIZED (
    SELECT j.id, j.updated_at FROM job j
    WHERE ${expired} AND (j.updated_at, j.id) > ($2::timestamptz, $3::uuid)
    ORDER BY j.updated_at, j.id LIMIT ${batchSize} FOR UPDATE SKIP LOCKED),
  deleted AS (DELETE FROM job j USING candidate c WHERE j.id = c.id AND ${replaced} RETURNING 1)
  SELECT (SELECT count(*)::int FROM candidate) AS candidates, (SELECT count(*)::int FROM deleted) AS deleted,
    (SELECT updated_at || '/' || id FROM candidate ORDER BY updated_at DESC, id DESC LIMIT 1) AS last`;

interface DeletedBatch {
  readonly candidates: number;
  readonly deleted: number;
  readonly last: string | null;
}

/** Deletes jobs some time after their end, except the last one of each instance. */
export const jobRetention = (keepDays: number): RetentionRule => ({
  table: 'job',
  deleteBatch: async (sql, after = start) => {
    const [updatedAt, id] = after.split('/');
    const [batch] = await runSql<DeletedBatch>(sql, deleteBatch, [keepDays * dayMs, updatedAt, id]);
    if (batch === undefined) throw new Error('the deletion of expired jobs returned no row');
    const { candidates, deleted, last } = batch;
    return { deleted, next: candidates === batchSize ? (last ?? undefined) : undefined };
  },
});
