import { CliError } from '../failure/cli-error.js';
import type { ApiClient } from '../http/api-client.js';

/** An account that the key may use, as `GET /user/accounts` names it. */
export interface Membership {
  readonly aid: string;
  readonly name?: string | null;
  readonly companyName?: string | null;
  readonly accountRole?: string | null;
  readonly isDefault?: boolean;
}

/** The accounts of the key. @throws CliError also for an answer without the list */
export async function readMemberships(client: ApiClient): Promise<readonly Membership[]> {
  const { body } = await client.send({ method: 'GET', path: '/user/accounts', deadlineMs: 10_000 });
  const accounts = (body as { accounts?: readonly Membership[] } | undefined)?.accounts;
  if (accounts instanceof Object && Symbol.iterator in accounts) return accounts;
  throw new CliError('The server answered without a list of accounts.');
}

/** The name that people know the account by. */
export const labelOf = (membership: Membership | undefined): string | undefined =>
  membership?.companyName || membership?.name || undefined;
