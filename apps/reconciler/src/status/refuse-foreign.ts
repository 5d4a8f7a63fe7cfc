import { Fault } from '@runos/kernel';
import { Osid, type OsidParts } from '@runos/osid';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';

/**
 * Those of some OSIDs, which one cluster has not, that another one has. An id that was ever this account's own is
 * compared within the account: elsewhere it may exist by chance.
 */
export async function foreignAmong(sql: EntityManager, tenant: string, osids: readonly string[]): Promise<string[]> {
  const named = osids.flatMap((osid) => {
    const id = Osid.parse(osid)?.id;
    return id === undefined ? [] : [{ osid, id }];
  });
  if (named.length === 0) return [];
  const foreign = await runSql<{ osid: string }>(
    sql,
    `SELECT n.osid FROM jsonb_to_recordset($1::jsonb) AS n(osid text, id text)
     WHERE EXISTS (SELECT 1 FROM instance i WHERE i.osid = n.osid
       AND (i.aid = $2 OR NOT EXISTS (SELECT 1 FROM minted_id m WHERE m.aid = $2 AND m.id = n.id)))`,
    [JSON.stringify(named), tenant],
  );
  return foreign.map(({ osid }) => osid);
}

/**
 * A report about what its cluster has not is late, or of an orphan, and means no harm; unless another cluster has it.
 * @throws Fault `service.not_found`
 */
export async function refuseForeign(
  sql: EntityManager,
  tenant: string,
  cid: string,
  osid: string,
  { type, id }: OsidParts,
): Promise<void> {
  const [foreign] = await foreignAmong(sql, tenant, [osid]);
  if (foreign) throw new Fault('service.not_found', `There is no ${type} "${id}" in cluster "${cid}".`);
}
