import { type CommandOption, isSwitch } from './command-options.js';

/**
 * The command line with other spellings of options replaced by the registered ones: `--appId` by `--app-id`,
 * `--secured=false` by `--no-secured`.
 */
export function canonicalArguments(argv: readonly string[], options: readonly CommandOption[]): readonly string[] {
  const byName = new Map(options.flatMap((option) => [option.flag, ...option.aliases].map((name) => [name, option])));
  const end = argv.indexOf('--');
  return argv.map((word, index) => {
    if (!word.startsWith('--') || (end >= 0 && index >= end)) return word;
    const at = word.indexOf('=');
    const name = word.slice(2, at < 0 ? undefined : at);
    const option = byName.get(name);
    if (option === undefined) return word;
    const value = at < 0 ? undefined : word.slice(at + 1);
    if (!isSwitch(option)) return `--${option.flag}${value === undefined ? '' : `=${value}`}`;
    if (value === 'false' || value === '0') return `--no-${option.flag}`;
    return value === undefined || value === 'true' || value === '1' ? `--${option.flag}` : word;
  });
}
