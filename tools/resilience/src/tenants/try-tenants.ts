import { Plane, unlimited, withSql } from '@runos/tool-e2e';
import { type RolesVerdict, tryRoles } from './database-roles.js';
import { type AgentVerdict, tryForeignAgent } from './foreign-agent.js';
import { type Matrix, runMatrix } from './matrix.js';
import { makeTwoAccounts } from './two-accounts.js';

export interface TenantsVerdict {
  readonly matrix: Matrix;
  readonly agent: AgentVerdict;
  readonly roles: RolesVerdict;
}

/**
 * A plane of its own, without a cluster or limits per minute: every operation as every caller, one account's agent
 * against the other's, then the roles of the database.
 */
export async function tryTenants(): Promise<TenantsVerdict> {
  const plane = await Plane.create();
  try {
    const dev = await plane.start('ready', unlimited, '--no-cluster');
    const verdict = await withSql(dev.databaseUrl, async (sql) => {
      const accounts = await makeTwoAccounts(plane.data, dev, sql);
      return {
        matrix: await runMatrix(dev.apiUrl, accounts, sql),
        agent: await tryForeignAgent(dev, accounts, sql),
        roles: await tryRoles(plane.data, dev.databaseUrl, sql),
      };
    });
    await plane.finish();
    return verdict;
  } finally {
    await plane.remove();
  }
}
