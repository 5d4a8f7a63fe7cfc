import type { CatalogCommand } from './catalog.js';

const lastWords = ['clear-cache', 'set-data', 'exec-sql'];
const verbs = ['delete', 'drain', 'reset', 'revoke', 'remove', 'drop', 'wipe', 'flush', 'purge', 'evict'];
const lossOfState = /^(vms\/.*(stop|restart|pause)|maintenance-scripts\/.*run)$/;

/** Whether a command may lose data or end something: then it is confirmed before it is sent. */
export function isDestructive({ method, command }: CatalogCommand): boolean {
  if (method === 'DELETE') return true;
  if (method === 'GET') return false;
  const last = command.split('/').at(-1) ?? '';
  return lastWords.includes(last) || last.split('-').some((word) => verbs.includes(word)) || lossOfState.test(command);
}

/** For these values. Statements that only read lose nothing. */
export const losesData = (command: CatalogCommand, values: ReadonlyMap<string, unknown>): boolean =>
  isDestructive(command) && !(command.command.endsWith('/exec-sql') && values.get('readWrite') !== true);
