import type { Command } from 'commander';
import type { ConfigFile } from '../configuration/config-file.js';
import type { StoredConfig } from '../configuration/stored-config.js';
import { parseApiUrl, type Settings } from '../configuration/settings.js';
import { CliError, usageError } from '../failure/cli-error.js';
import { cliErrorOf } from '../failure/error-text.js';
import { objectText } from '../output/object-text.js';
import type { CommandContext } from '../terminal/command-context.js';
import { defineCommand, groupIn, outputOptionsOf } from './define-command.js';

const clusterId = (text: string): string => {
  if (/^[a-z0-9]{3,16}$/.test(text)) return text;
  throw usageError(`"${text}" is no id of a cluster: 3 to 16 lower-case letters and digits.`, { field: 'cid' });
};

interface Key {
  readonly read: (settings: Settings) => string | undefined;
  /** Absent: it is set by other commands. */
  readonly write?: (text: string, configFile: ConfigFile) => StoredConfig;
}

/** Moves the keys. Those that the store does not give back are left there, so that the user can leave a broken one. */
function moveKeys(place: string, configFile: ConfigFile): StoredConfig {
  if (place !== 'os' && place !== 'file')
    throw usageError(`"${place}" is no place for keys: os or file.`, { field: 'key-store' });
  try {
    configFile.moveKeysTo(place);
  } catch (error) {
    if (place === 'os') throw error;
    configFile.keepKeysInFile();
    throw new CliError(`The keys stay in the key store: ${cliErrorOf(error).message}`, {
      remedy: 'new keys are stored in the configuration file: runos login',
    });
  }
  return {};
}

const keys: Readonly<Record<string, Key>> = {
  'api-url': { read: ({ apiUrl }) => apiUrl, write: (text) => ({ apiUrl: parseApiUrl(text) }) },
  'account-id': { read: ({ accountId }) => accountId },
  cid: { read: (settings) => settings.clusterId, write: (text) => ({ clusterId: clusterId(text) }) },
  'key-store': { read: ({ hasOsKeyStore }) => (hasOsKeyStore === true ? 'os' : 'file'), write: moveKeys },
  'console-url': { read: ({ consoleUrl }) => consoleUrl, write: (text) => ({ consoleUrl: parseApiUrl(text) }) },
};

function keyOf(name: string): Key {
  const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
  if (key !== undefined) return key;
  throw usageError(`There is no setting "${name}".`, { remedy: `choose one of ${Object.keys(keys).join(', ')}` });
}

/** `config get` and `config set`: local alone, nothing is sent. */
export function addConfig(program: Command, context: CommandContext): void {
  const group = groupIn(program, 'config', 'settings of this program');
  defineCommand(group, {
    usage: 'get [key]',
    description: `show the settings that hold now: ${Object.keys(keys).join(', ')}`,
    examples: ['runos config get', 'runos config get api-url'],
    run: (command) => {
      const [name] = command.args;
      const { settings } = context;
      const values = Object.entries(keys).map(([key, { read }]) => [key, read(settings) ?? null]);
      const all = Object.fromEntries(values) as Record<string, string | null>;
      const output = context.output(outputOptionsOf(command));
      if (name === undefined)
        return output.print(all, () => objectText(all, Object.keys(all), output.style, context.now()));
      const value = keyOf(name).read(settings);
      return output.print({ [name]: value ?? null }, () => `${value ?? ''}\n`);
    },
  });
  defineCommand(group, {
    usage: 'set <key> <value>',
    description: 'change a setting in the configuration file: api-url, cid, console-url, or key-store (os or file)',
    examples: [
      'runos config set api-url https://api.example.com',
      'runos config set cid demo',
      'runos config set key-store os    # keys go to the key store of the operating system',
    ],
    run: (command) => {
      const [name = '', value = ''] = command.args;
      const { write } = keyOf(name);
      if (write === undefined) throw usageError(`${name} is set by log-in.`, { remedy: 'runos login --account-id ID' });
      context.configFile.update(write(value, context.configFile));
      return context.output(outputOptionsOf(command)).print({ [name]: value }, () => `${name} is ${value}.\n`);
    },
  });
}
