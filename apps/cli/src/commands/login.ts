import { type Command, Option } from 'commander';
import { rememberAccount } from '../accounts/known-accounts.js';
import { labelOf } from '../accounts/memberships.js';
import { refreshCatalog } from '../catalog/catalog-cache.js';
import { chooseAccount, chooseApiKey, chooseApiUrl, type LoginOptions } from '../sessions/login-choice.js';
import { findLocalPlane } from '../sessions/local-plane.js';
import type { CommandContext } from '../terminal/command-context.js';
import { defineCommand, outputOptionsOf } from './define-command.js';

interface Options extends LoginOptions {
  readonly local?: boolean;
}

export const addLogin = (program: Command, context: CommandContext): Command =>
  defineCommand(program, {
    usage: 'login',
    description: 'store a key (a personal access token) for an account, after the server has accepted it',
    examples: [
      'runos login --api-url https://api.example.com',
      'runos login --with-key --account-id l8kk4 < key.txt',
      'runos login --local',
    ],
    options: [
      new Option('--api-url <url>', 'address of the API'),
      new Option('--api-key <key>', 'the key; other users of this machine may see it, so prefer --with-key'),
      new Option('--with-key', 'read the key from standard input').conflicts('apiKey'),
      new Option('--account-id <id>', 'the account, where the key is of several'),
      new Option('--local', 'log in to the plane that npm start runs in this checkout').conflicts([
        'apiKey',
        'withKey',
      ]),
    ],
    run: (command) => logIn(command, context),
  });

async function logIn(command: Command, context: CommandContext): Promise<void> {
  const options = command.opts<Options>();
  const output = context.output(outputOptionsOf(command));
  const { terminal, configFile, settings } = context;
  const local = options.local === true ? findLocalPlane(terminal.folder) : undefined;
  const apiUrl = local?.apiUrl ?? (await chooseApiUrl(options, settings, terminal));
  const apiKey = local?.token ?? (await chooseApiKey(options, terminal));
  const client = context.client({ ...settings, apiUrl, apiKey });
  const account = await chooseAccount(client, local?.aid ?? options.accountId);
  const stored = configFile.read();
  const isSameAccount = stored.accountId === account.aid && stored.apiUrl === apiUrl;
  configFile.update({
    apiUrl: apiUrl,
    accountId: account.aid,
    apiKey,
    clusterId: local?.cid ?? (isSameAccount ? stored.clusterId : undefined),
    signedInAt: context.now().toISOString(),
    knownAccounts: rememberAccount(stored, account.aid, apiKey, context.now()),
  });
  await refreshCatalog(context).catch(() => output.warn('The list of commands cannot be read; runos manifest update.'));
  const label = labelOf(account);
  await output.print(
    { accountId: account.aid, apiUrl, label, clusterId: context.settings.clusterId },
    () => `Logged in to account ${account.aid}${label === undefined ? '' : ` (${label})`} at ${apiUrl}.\n`,
  );
  if (context.environment.apiKey !== undefined) output.warn('RUNOS_API_KEY is set and wins over the stored key.');
  output.note('Next: runos status');
}
