import { join } from 'node:path';
import { CliError } from '../failure/cli-error.js';
import { readPrivateFile, writePrivateFile } from './private-file.js';

/** An account with its own key, so that `account switch` needs no log-in. */
export interface KnownAccount {
  readonly account_id: string;
  readonly api_key?: string;
  readonly added_at?: string;
  readonly last_used_at?: string;
  readonly active?: boolean;
}

/** `config.json`: other programs share it, so keys that this one does not know stay as they are. */
export interface StoredConfig {
  readonly conductor_url?: string;
  readonly console_url?: string;
  readonly account_id?: string;
  readonly default_cluster_id?: string;
  readonly api_key?: string;
  readonly signed_in_at?: string;
  readonly known_accounts?: readonly KnownAccount[];
}

/** The configuration file of a person. */
export class ConfigFile {
  readonly path: string;

  constructor(folder: string) {
    this.path = join(folder, 'config.json');
  }

  /** Empty without a file. @throws CliError when the file is not a JSON object */
  read(): StoredConfig {
    const text = readPrivateFile(this.path);
    if (text === undefined) return {};
    try {
      const value = JSON.parse(text) as unknown;
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
      throw new Error('it holds no JSON object');
    } catch (error) {
      throw new CliError(`The configuration cannot be read: ${(error as Error).message}.`, {
        file: this.path,
        remedy: 'repair the file, or delete it and log in again',
      });
    }
  }

  /** Writes these keys; a key that is undefined is removed. */
  update(change: StoredConfig): void {
    const next = Object.entries({ ...this.read(), ...change }).filter(([, value]) => value !== undefined);
    writePrivateFile(this.path, `${JSON.stringify(Object.fromEntries(next), null, 2)}\n`);
  }
}
