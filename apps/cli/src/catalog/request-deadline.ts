import { type CatalogCommand, fieldsOf } from './catalog.js';
import { wordsOf } from './command-tree.js';

const usualMs = 30_000;
/** What a request may need beyond the time that its work is given, s. */
const graceSeconds = 60;
const longMs = 660_000;
const longCommands = new Set([
  'vms/nvlink-check',
  'vms/rotate-ssh-key',
  'vms/screenshot',
  'virt/reapply',
  'vm-groups/reapply-policy',
  'storage-groups/wipe-device',
  'storage-groups/evict-node',
  'storage-groups/inspect-device',
]);

/** How long the answer of a command may take, ms: what its input `timeoutSeconds` allows the server, and a minute. */
export function requestDeadlineMs(command: CatalogCommand, values: ReadonlyMap<string, unknown>): number {
  const words = wordsOf(command).join('/');
  if (longCommands.has(words)) return longMs;
  if (!fieldsOf(command).some(({ name }) => name === 'timeoutSeconds')) return usualMs;
  const seconds = values.get('timeoutSeconds');
  return typeof seconds === 'number' ? (seconds + graceSeconds) * 1_000 : longMs;
}
