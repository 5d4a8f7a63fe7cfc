import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';

/**
 * Gives a locked instance another name. The generation grows, so that no stale write slips in; nothing in the cluster
 * carries the name, so what was observed of the generation before holds for this one.
 */
export async function rename(sql: EntityManager, instanceId: number, name: string, who: string): Promise<void> {
  await runSql(
    sql,
    `UPDATE instance SET name = $2, changed_by = $3, updated_at = now(), generation = generation + 1,
       observed_generation = CASE WHEN observed_generation = generation THEN generation + 1 ELSE observed_generation END
     WHERE id = $1`,
    [instanceId, name, who],
  );
}
