import { z } from 'zod';
import { Role } from '../access/access.js';
import { operation } from '../operation/operation.js';

/** The membership of a user in an account. The default account is the one a client uses when none is named. */
export const Membership = z.object({
  aid: z.string(),
  name: z.string(),
  companyName: z.string(),
  accountRole: Role,
  isDefault: z.boolean(),
});

/** Default account first. */
export const listAccounts = operation({
  id: 'account.list',
  method: 'GET',
  path: '/user/accounts',
  access: 'signed-in',
  summary: 'List the accounts of the caller; for a personal access token, its one account.',
  output: z.object({ accounts: z.array(Membership) }),
});
