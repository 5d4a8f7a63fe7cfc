import { documentation } from '@runos/catalog-model';
import { z } from 'zod';
import { Role } from '../access/access.js';
import { operation, pathParams } from '../operation/operation.js';

const { aid } = pathParams;

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
  command: 'none',
});

export const showProfile = operation({
  id: 'account.profile',
  method: 'GET',
  path: '/:aid/account/profile',
  access: 'read',
  summary: 'Show the account and the role of the caller in it.',
  params: { aid },
  output: Membership.omit({ isDefault: true }),
});

/** A part of RunOS that an account may enable. Its commands are in the catalog of the accounts that have. */
const Module = z.object({
  key: z.string(),
  name: z.string(),
  description: z.string(),
  tier: z.enum(['base', 'premium']),
  enabled: z.boolean(),
});

/** Every part of this version belongs to every account, so that the list is empty. */
export const listModules = operation({
  id: 'account.modules',
  method: 'GET',
  path: '/:aid/modules',
  access: 'read',
  summary: 'List the modules that the account may enable.',
  params: { aid },
  output: z.object({ modules: z.array(Module) }),
});

/** `setting.not_found` also for a setting without a value. */
export const showSystemSetting = operation({
  id: 'account.system-config',
  method: 'GET',
  path: '/:aid/system-config',
  access: 'read',
  summary: 'Show a setting of the control plane for clients, such as CLI_VERSION.',
  params: { aid },
  query: z.strictObject({
    key: z.string().min(1).max(64).register(documentation, {
      description: 'Name of the setting. `CLI_VERSION`: the newest version of the program `runos`.',
    }),
  }),
  output: z.object({ key: z.string(), value: z.string(), scope: z.literal('system') }),
  errors: ['setting.not_found'],
  command: 'none',
});
