import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';

/** More creations than this are never under way in one cluster at the same time: connections are fewer. */
const margin = 1_000;

const count = async (sql: EntityManager, clusterId: number): Promise<number> => {
  const [{ n }] = await runSql<{ n: number }>(sql, 'SELECT count(*)::int AS n FROM instance WHERE cluster_id = $1', [
    clusterId,
  ]);
  return n;
};

/** How many instances a cluster has. Close to its limit creations go one by one, so that none slips past it. */
export async function instancesOf(sql: EntityManager, clusterId: number, limit: number): Promise<number> {
  const seen = await count(sql, clusterId);
  if (limit === 0 || seen + margin < limit) return seen;
  await runSql(sql, `SELECT pg_advisory_xact_lock(hashtext('instance'), $1::int)`, [clusterId]);
  return count(sql, clusterId);
}
