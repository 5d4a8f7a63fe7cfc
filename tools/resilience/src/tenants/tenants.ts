import { operations } from '@runos/api';
import { say } from '../program.js';
import { isOutsider } from './cases.js';
import type { Cell, Matrix } from './matrix.js';
import { tryTenants } from './try-tenants.js';

/** Columns beside the ones of single ids. */
const columnOf = ({ one: { caller, strange } }: Cell): string =>
  isOutsider(caller) || strange.length === 0 ? caller : `${caller}: other ${strange.join(', ')}`;

/** `npm run fire -- tenants`: every operation as every caller, then every database role on all that is not its own. */
export async function fireTenants(): Promise<void> {
  const { matrix, agent, roles } = await tryTenants();
  print(matrix);
  const { refused, passed } = matrix.changed;
  say(
    `tables changed by what was refused: ${refused.join(', ') || 'none'}; by what passed: ${passed.join(', ') || 'none'}`,
  );
  say(
    `database: ${roles.tried} attempts of ${roles.names.length} roles beyond their schema (${roles.names.join(', ')})`,
  );
  say(`repeated keys: ${matrix.repeats.tried} of other callers`);
  say(`agent of another account: ${agent.tried} attempts, ${agent.audited.length} audit entries`);
  for (const wrong of [...roles.wrong, ...matrix.repeats.wrong, ...agent.wrong]) say(`wrong ${wrong}`);
  const wrong = matrix.cells.flatMap((cell) => cell.faults.map((fault) => `${nameOf(cell)}: ${fault}`));
  for (const fault of wrong) say(`wrong ${fault}`);
  const elsewhere = [roles, matrix.repeats, agent].flatMap((part) => part.wrong);
  const well = wrong.length + refused.length + elsewhere.length === 0;
  say(well ? 'every answer was as it must be' : 'NOT every answer was as it must be');
  process.exitCode = well ? 0 : 1;
}

/** Which cell of the matrix. */
export const nameOf = (cell: Cell): string => `${cell.one.operation.id} as ${columnOf(cell)}`;

function print({ cells, requests }: Matrix): void {
  for (const { id, access } of operations) {
    const row = cells.filter(({ one }) => one.operation.id === id);
    say(`${id} (${access})`);
    say(
      `  ${row.map((cell) => `${columnOf(cell)} ${cell.status}${cell.faults.length > 0 ? ' WRONG' : ''}`).join(' | ')}`,
    );
  }
  const byStatus = new Map<number, number>();
  for (const { status } of cells) byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
  const counts = [...byStatus].sort(([a], [b]) => a - b).map(([status, count]) => `${count} × ${status}`);
  say(`${operations.length} operations, ${cells.length} cells, ${requests} requests: ${counts.join(', ')}`);
}
