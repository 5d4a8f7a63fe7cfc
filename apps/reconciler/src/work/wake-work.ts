import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';

/** Other replicas' workers hear this channel; the payload says who spoke. */
export const workChannel = 'reconciler_work';

/** A part of a statement that tells the other replicas. */
export const notifyWork = `pg_notify('${workChannel}', current_setting('application_name'))`;

/** Makes everything due that the agent of a cluster has not stored yet. */
export async function wakeCluster(sql: EntityManager, clusterId: number): Promise<void> {
  await runSql(
    sql,
    `WITH woken AS (
       UPDATE work SET due_at = now(), wanted = wanted + 1, failures = 0
       WHERE cluster_id = $1 AND delivered < revision RETURNING 1)
     SELECT ${notifyWork} WHERE EXISTS (SELECT 1 FROM woken)`,
    [clusterId],
  );
}

/** Makes these instances be delivered again: the agent does not have what was wanted of them. */
export async function redeliver(sql: EntityManager, clusterId: number, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await runSql(
    sql,
    `WITH woken AS (
       UPDATE work SET due_at = now(), wanted = wanted + 1, failures = 0, delivered = 0
       WHERE cluster_id = $1 AND id = ANY($2) RETURNING 1)
     SELECT ${notifyWork} WHERE EXISTS (SELECT 1 FROM woken)`,
    [clusterId, ids],
  );
}
