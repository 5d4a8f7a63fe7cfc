import { z } from 'zod';
import { Role } from '../access/role.js';
import { operation } from '../operation.js';

export const Membership = z.object({
  aid: z.string(),
  name: z.string(),
  companyName: z.string(),
  accountRole: Role,
  isDefault: z.boolean(),
});

export const listAccounts = operation({
  id: 'account.list',
  method: 'GET',
  path: '/user/accounts',
  access: 'signed-in',
  summary: 'The accounts the caller belongs to; for a personal access token, its one account.',
  output: z.object({ accounts: z.array(Membership) }),
});
