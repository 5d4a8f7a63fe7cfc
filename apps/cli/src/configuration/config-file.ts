import { join } from 'node:path';
import { CliError } from '../failure/cli-error.js';
import { type Document, isDocument } from '../output/document.js';
import type { KeyStore } from './os-key-store.js';
import { readPrivateFile, writePrivateFile } from './private-file.js';
import type { KnownAccount, StoredConfig } from './stored-config.js';
import { moveKeys, withKeys } from './stored-keys.js';

/** The names of the file, which other programs share. */
const configKeys = {
  apiUrl: 'conductor_url',
  consoleUrl: 'console_url',
  accountId: 'account_id',
  clusterId: 'default_cluster_id',
  apiKey: 'api_key',
  signedInAt: 'signed_in_at',
  knownAccounts: 'known_accounts',
  keyStore: 'key_store',
};
const accountKeys = {
  accountId: 'account_id',
  apiKey: 'api_key',
  addedAt: 'added_at',
  lastUsedAt: 'last_used_at',
  active: 'active',
};

type Names = Readonly<Record<string, string>>;
const fromFile = (document: Document, names: Names): Document =>
  Object.fromEntries(Object.entries(names).map(([name, key]) => [name, document[key]]));
const toFile = (value: object, names: Names): Document =>
  Object.fromEntries(Object.entries(value).map(([name, one]) => [names[name] ?? name, one as unknown]));

/** `config.json` of a person. Keys that only other programs know stay as they are. */
export class ConfigFile {
  readonly path: string;

  /** `store` is used only where the file names it. */
  constructor(
    folder: string,
    private readonly store: KeyStore,
  ) {
    this.path = join(folder, 'config.json');
  }

  /** Empty without a file. @throws CliError when the file is not a JSON object */
  read(): StoredConfig {
    const config = fromFile(this.#document(), configKeys) as StoredConfig;
    const known = (config.knownAccounts ?? []) as readonly unknown[];
    const accounts = known.filter(isDocument).map((one) => fromFile(one, accountKeys) as unknown as KnownAccount);
    const whole = { ...config, knownAccounts: accounts };
    return config.keyStore === 'os' ? withKeys(whole, this.store) : whole;
  }

  /**
   * Writes these values; one that is undefined is removed.
   * @throws CliError when the file cannot be written, and when the key store does not keep a key: then nothing is written
   */
  update(change: StoredConfig): void {
    const { keyStore } = 'keyStore' in change ? change : this.read();
    this.#write(keyStore === 'os' ? moveKeys(change, this.read(), this.store) : change);
  }

  /** Moves all keys to the key store of the operating system, or from it back into the file. @throws CliError as `update` */
  moveKeysTo(place: 'os' | 'file'): void {
    const { apiKey, knownAccounts = [], keyStore, accountId } = this.read();
    if ((keyStore ?? 'file') === place) return;
    this.update({ apiKey, knownAccounts, keyStore: place === 'os' ? 'os' : undefined });
    const accounts = new Set([
      ...(accountId === undefined ? [] : [accountId]),
      ...knownAccounts.map((one) => one.accountId),
    ]);
    if (place === 'file') for (const id of accounts) this.store.remove(id);
  }

  /** Keys are in the file from now on, and those in the store are left there. */
  keepKeysInFile(): void {
    this.#write({ keyStore: undefined });
  }

  #write(change: StoredConfig): void {
    const { knownAccounts } = change;
    const accounts = knownAccounts?.map((account) => toFile(account, accountKeys));
    const changed = { ...change, ...('knownAccounts' in change && { knownAccounts: accounts }) };
    const next = Object.entries({ ...this.#document(), ...toFile(changed, configKeys) });
    const kept = next.filter(([, value]) => value !== undefined);
    writePrivateFile(this.path, `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`);
  }

  #document(): Document {
    const text = readPrivateFile(this.path);
    if (text === undefined) return {};
    try {
      const value = JSON.parse(text) as unknown;
      if (isDocument(value)) return value;
      throw new Error('it holds no JSON object');
    } catch (error) {
      throw new CliError(`The configuration cannot be read: ${(error as Error).message}.`, {
        file: this.path,
        remedy: 'repair the file, or delete it and log in again',
      });
    }
  }
}
