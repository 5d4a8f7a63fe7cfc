import { operations } from '@runos/api';
import { Plane, unlimited, withSql } from '@runos/tool-e2e';
import { print } from '../options.js';
import { isOutsider } from './cases.js';
import { type RolesResult, tryRoles } from './database-roles.js';
import { type ForeignAgentResult, testForeignAgent } from './foreign-agent.js';
import { type Cell, type Matrix, runMatrix } from './matrix.js';
import { type NatsUsersResult, tryNatsUsers } from './nats-users.js';
import { makeTwoAccounts } from './two-accounts.js';

/** The column of a cell in the printed matrix. */
const columnOf = ({ one: { caller, foreign } }: Cell): string =>
  isOutsider(caller) || foreign.length === 0 ? caller : `${caller}: other ${foreign.join(', ')}`;

/** `npm run resilience -- tenants`: tests every operation as every caller, agents, and every service. */
export async function tenants(): Promise<void> {
  const { matrix, agent, roles, users } = await testTenants();
  printMatrix(matrix);
  const { refused, passed } = matrix.changed;
  print(
    `tables changed by what was refused: ${refused.join(', ') || 'none'}; by what passed: ${passed.join(', ') || 'none'}`,
  );
  print(
    `database: ${roles.tried} attempts of ${roles.names.length} roles beyond their schema (${roles.names.join(', ')})`,
  );
  print(
    `NATS: ${users.tried} attempts of ${users.names.length} users beyond their contracts (${users.names.join(', ')}); ` +
      `changed tables: ${users.changed.join(', ') || 'none'}`,
  );
  print(`repeated keys: ${matrix.repeats.tried} of other callers`);
  print(`agent of another account: ${agent.tried} attempts, ${agent.audited.length} audit entries`);
  for (const wrong of [...roles.wrong, ...users.wrong, ...matrix.repeats.wrong, ...agent.wrong])
    print(`wrong ${wrong}`);
  const wrong = matrix.cells.flatMap((cell) => cell.failures.map((fault) => `${nameOf(cell)}: ${fault}`));
  for (const fault of wrong) print(`wrong ${fault}`);
  const elsewhere = [...roles.wrong, ...users.wrong, ...users.changed, ...matrix.repeats.wrong, ...agent.wrong];
  const well = wrong.length + refused.length + elsewhere.length === 0;
  print(well ? 'every answer was as it must be' : 'NOT every answer was as it must be');
  process.exitCode = well ? 0 : 1;
}

/** The name of a cell of the matrix. */
export const nameOf = (cell: Cell): string => `${cell.one.operation.id} as ${columnOf(cell)}`;

function printMatrix({ cells, requests }: Matrix): void {
  for (const { id, access } of operations) {
    const row = cells.filter(({ one }) => one.operation.id === id);
    print(`${id} (${access})`);
    print(
      `  ${row.map((cell) => `${columnOf(cell)} ${cell.status}${cell.failures.length > 0 ? ' WRONG' : ''}`).join(' | ')}`,
    );
  }
  const byStatus = new Map<number, number>();
  for (const { status } of cells) byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
  const counts = [...byStatus].sort(([a], [b]) => a - b).map(([status, count]) => `${count} × ${status}`);
  print(`${operations.length} operations, ${cells.length} cells, ${requests} requests: ${counts.join(', ')}`);
}

export interface TenantsResult {
  readonly matrix: Matrix;
  readonly agent: ForeignAgentResult;
  readonly roles: RolesResult;
  readonly users: NatsUsersResult;
}

/**
 * Starts a plane without a cluster or rate limits. Tests every operation as every caller, one account's agents against
 * the other account, and the stolen credentials of every service for the database and NATS.
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
        users: await tryNatsUsers(plane.data, sql),
      };
    });
    await plane.finish();
    return result;
  } finally {
    await plane.remove();
  }
}
