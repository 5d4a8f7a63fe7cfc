import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Messages } from './messages.js';

const file = resolve(import.meta.dirname, '../contracts.snapshot.json');

/** The messages of the previous version; empty without a snapshot. */
export const readSnapshot = (): Messages =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Messages) : {};

/** Writes one line per message, so that a diff shows which message changed. */
export function writeSnapshot(messages: Messages): void {
  const lines = Object.entries(messages)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, message]) => `${JSON.stringify(name)}: ${JSON.stringify(message)}`);
  writeFileSync(file, `{\n${lines.join(',\n')}\n}\n`);
}
