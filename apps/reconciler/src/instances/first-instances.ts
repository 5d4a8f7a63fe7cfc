import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';

/** How many OSIDs a refusal names. */
const namedCount = 10;

/** The instances that are the reason of a refusal: their number, and the OSIDs of the first ones. */
export interface FirstInstances {
  readonly instances: number;
  readonly osids: readonly string[];
}

/** Reads them with one query. `from` names the instances `i`: `instance i WHERE i.cluster_id = $1`. */
export async function firstInstances(sql: EntityManager, from: string, values: unknown[]): Promise<FirstInstances> {
  const [found] = await runSql<FirstInstances>(
    sql,
    `SELECT count(*)::int AS instances, coalesce((array_agg(i.osid ORDER BY i.id))[1:${namedCount}], '{}') AS osids
     FROM ${from}`,
    values,
  );
  return found ?? { instances: 0, osids: [] };
}

/** Describes them for a message: `2 instances (valkey-k3v9q, valkey-00ky4)`. */
export function describeFirst({ instances, osids }: FirstInstances): string {
  const named = osids.join(', ') + (instances > osids.length ? ', …' : '');
  return `${instances} ${instances === 1 ? 'instance' : 'instances'} (${named})`;
}
