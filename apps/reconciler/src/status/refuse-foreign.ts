import { Fault } from '@runos/kernel';
import type { OsidParts } from '@runos/osid';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';

/**
 * A report about what its cluster has not is late, or of an orphan, and means no harm; unless another cluster has it.
 * An id that was ever this account's own is compared within the account: elsewhere it may exist by chance.
 * @throws Fault `service.not_found`
 */
export async function refuseForeign(
  sql: EntityManager,
  tenant: string,
  cid: string,
  osid: string,
  { type, id }: OsidParts,
): Promise<void> {
  const [foreign] = await runSql(
    sql,
    `SELECT 1 FROM instance WHERE osid = $1
       AND (aid = $2 OR NOT EXISTS (SELECT 1 FROM minted_id WHERE aid = $2 AND id = $3)) LIMIT 1`,
    [osid, tenant, id],
  );
  if (foreign) throw new Fault('service.not_found', `There is no ${type} "${id}" in cluster "${cid}".`);
}
