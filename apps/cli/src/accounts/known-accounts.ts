import type { KnownAccount, StoredConfig } from '../configuration/stored-config.js';

/** The remembered accounts after a log-in to one of them, which becomes the active one. */
export function rememberAccount(
  { knownAccounts: known = [] }: StoredConfig,
  accountId: string,
  apiKey: string,
  now: Date,
): readonly KnownAccount[] {
  const at = now.toISOString();
  const others = known.filter((account) => account.accountId !== accountId);
  const before = known.find((account) => account.accountId === accountId);
  return [
    ...others.map((account) => ({ ...account, active: false })),
    { addedAt: at, ...before, accountId, apiKey, lastUsedAt: at, active: true },
  ];
}

/** The remembered accounts without the keys: after a log-out of one, or of all of them. */
export const forgetKeys = (
  { knownAccounts: known = [] }: StoredConfig,
  accountId?: string,
): readonly KnownAccount[] | undefined => {
  const left = known.filter((account) => accountId !== undefined && account.accountId !== accountId);
  return left.length === 0 ? undefined : left;
};
