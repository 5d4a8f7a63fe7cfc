import type { KeyStore } from './os-key-store.js';
import type { KnownAccount, StoredConfig } from './stored-config.js';

/** The configuration with the keys of the store, each read where it is used. */
export function withKeys(config: StoredConfig, store: KeyStore): StoredConfig {
  const lazily = <T extends { readonly accountId?: string }>(one: T): T & { readonly apiKey?: string } =>
    Object.defineProperty({ ...one }, 'apiKey', {
      enumerable: true,
      get: () => (one.accountId === undefined ? undefined : store.read(one.accountId)),
    });
  return lazily({ ...config, knownAccounts: config.knownAccounts?.map(lazily) });
}

/**
 * Moves the keys of a change into the store, and those that it removes out of it. Answers the change without keys.
 * @throws CliError when the store does not keep one
 */
export function moveKeys(change: StoredConfig, before: StoredConfig, store: KeyStore): StoredConfig {
  const { knownAccounts: known } = before;
  const active = change.accountId ?? before.accountId;
  const keys = new Map<string, string | undefined>();
  if ('knownAccounts' in change) {
    for (const { accountId } of known ?? []) keys.set(accountId, undefined);
    for (const { accountId, apiKey } of change.knownAccounts ?? []) keys.set(accountId, apiKey);
  }
  if ('apiKey' in change && active !== undefined) keys.set(active, change.apiKey);
  for (const [accountId, key] of keys) {
    if (key === undefined) store.remove(accountId);
    else store.write(accountId, key);
  }
  return withoutKeys(change);
}

/** For the file: keys are removed from it. */
function withoutKeys(change: StoredConfig): StoredConfig {
  const accounts = change.knownAccounts?.map(({ apiKey: _, ...account }): KnownAccount => account);
  return { ...change, apiKey: undefined, ...('knownAccounts' in change && { knownAccounts: accounts }) };
}
