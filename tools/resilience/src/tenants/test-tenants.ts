import { Plane, unlimited, withSql } from '@runos/tool-e2e';
import { type RolesResult, tryRoles } from './database-roles.js';
import { type ForeignAgentResult, testForeignAgent } from './foreign-agent.js';
import { type Matrix, runMatrix } from './matrix.js';
import { makeTwoAccounts } from './two-accounts.js';

export interface TenantsResult {
  readonly matrix: Matrix;
  readonly agent: ForeignAgentResult;
  readonly roles: RolesResult;
}

/**
 * Starts a plane without a cluster or rate limits, and tests every operation as every caller, one account's agents
 * against the other account, and the roles of the database.
 */
export async function testTenants(): Promise<TenantsResult> {
  const plane = await Plane.create();
  try {
    const dev = await plane.start('ready', unlimited, '--no-cluster');
    const result = await withSql(dev.databaseUrl, async (sql) => {
      const accounts = await makeTwoAccounts(plane.data, dev, sql);
      return {
        matrix: await runMatrix(dev.apiUrl, accounts, sql),
        agent: await testForeignAgent(dev, accounts, sql),
        roles: await tryRoles(plane.data, dev.databaseUrl, sql),
      };
    });
    await plane.finish();
    return result;
  } finally {
    await plane.remove();
  }
}
