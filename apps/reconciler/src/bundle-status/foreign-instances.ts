import { Fault } from '@runos/kernel';
import { Osid, type OsidParts } from '@runos/osid';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';

/**
 * The OSIDs among `osids` that belong to another cluster. An id that this account has minted is looked up within the
 * account only, because another account may have minted the same id.
 */
export async function foreignAmong(sql: EntityManager, tenant: string, osids: readonly string[]): Promise<string[]> {
  const parsed = osids.flatMap((osid) => {
    const id = Osid.parse(osid)?.id;
    return id === undefined ? [] : [{ osid, id }];
  });
  if (parsed.length === 0) return [];
  const foreign = await runSql<{ osid: string }>(
    sql,
    `SELECT n.osid FROM jsonb_to_recordset($1::jsonb) AS n(osid text, id text)
     WHERE EXISTS (SELECT 1 FROM instance i WHERE i.osid = n.osid
       AND (i.aid = $2 OR NOT EXISTS (SELECT 1 FROM minted_id m WHERE m.aid = $2 AND m.id = n.id)))`,
    [JSON.stringify(parsed), tenant],
  );
  return foreign.map(({ osid }) => osid);
}

/**
 * Refuses a report about an instance of another cluster. A report about an unknown instance is late or about an orphan,
 * and it is accepted.
 * @throws Fault `service.not_found`
 */
export async function refuseForeignInstance(
  sql: EntityManager,
  tenant: string,
  cid: string,
  osid: string,
  { type, id }: OsidParts,
): Promise<void> {
  const [foreign] = await foreignAmong(sql, tenant, [osid]);
  if (foreign) throw new Fault('service.not_found', `There is no ${type} "${id}" in cluster "${cid}".`);
}
