import type { KnownAccount, StoredConfig } from '../configuration/config-file.js';

/** The remembered accounts after a log-in to one of them, which becomes the active one. */
export function rememberAccount(
  { known_accounts: known = [] }: StoredConfig,
  accountId: string,
  apiKey: string,
  now: Date,
): readonly KnownAccount[] {
  const at = now.toISOString();
  const others = known.filter(({ account_id }) => account_id !== accountId);
  const before = known.find(({ account_id }) => account_id === accountId);
  return [
    ...others.map((account) => ({ ...account, active: false })),
    { added_at: at, ...before, account_id: accountId, api_key: apiKey, last_used_at: at, active: true },
  ];
}

/** The remembered accounts without the keys: after a log-out of one, or of all of them. */
export const forgetKeys = (
  { known_accounts: known = [] }: StoredConfig,
  accountId?: string,
): readonly KnownAccount[] | undefined => {
  const left = known.filter(({ account_id }) => accountId !== undefined && account_id !== accountId);
  return left.length === 0 ? undefined : left;
};
