import { usageError } from '../failure/cli-error.js';
import { dayMs } from '../output/durations.js';
import type { CatalogCommand } from './catalog.js';
import type { Inputs, Presets } from './command-inputs.js';
import { isLogReader } from './command-options.js';

const keyLifeDays = 90;
const maxLogAgeSeconds = 90 * 24 * 60 * 60;
const secondsPer: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Inputs that hold for commands of these names where the user gives none. */
export const presetsOf = (command: CatalogCommand, now: Date): Presets =>
  command.command === 'account/api-keys/add' ? { expiresAt: new Date(+now + keyLifeDays * dayMs).toISOString() } : {};

/** The inputs as the server takes them. @throws CliError for a wrong one */
export function preparedInputs(command: CatalogCommand, inputs: Inputs): Inputs {
  const values = new Map(inputs.values);
  if (isLogReader(command) && values.has('since')) values.set('since', seconds(String(values.get('since'))));
  return { ...inputs, values };
}

/** Seconds of a duration like 90, 30s, 5m, 2h or 7d. @throws CliError for anything else, and for more than 90 days */
export function seconds(text: string): number {
  const [, count = '', unit = 's'] = /^(\d{1,9})([smhd])?$/.exec(text) ?? [];
  const value = Number(count) * (secondsPer[unit] ?? 1);
  if (count !== '' && value >= 1 && value <= maxLogAgeSeconds) return value;
  throw usageError(`--since must be a time like 30s, 5m, 2h or 7d, at most 90d, not "${text}".`, { field: 'since' });
}
