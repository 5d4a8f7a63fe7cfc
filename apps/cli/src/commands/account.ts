import type { Command } from 'commander';
import { rememberAccount } from '../accounts/known-accounts.js';
import { labelOf, type Membership, readMemberships } from '../accounts/memberships.js';
import { refreshCatalog } from '../catalog/catalog-cache.js';
import { CliError } from '../failure/cli-error.js';
import { tableText } from '../output/table.js';
import { columnsOf } from '../terminal/terminal.js';
import type { CommandContext } from '../terminal/command-context.js';
import { defineCommand, groupIn, outputOptionsOf } from './define-command.js';

export function addAccount(program: Command, context: CommandContext): void {
  const group = groupIn(program, 'account', 'the account and its keys');
  defineCommand(group, {
    usage: 'list',
    description: 'list the accounts that you are logged in to, or that your key may use',
    examples: ['runos account list'],
    run: (command) => list(command, context),
  });
  defineCommand(group, {
    usage: 'switch <account>',
    description: 'work in another account, with the key that was stored for it',
    examples: ['runos account switch l8kk4'],
    run: (command) => switchTo(command, context),
  });
}

/** Without the server, the accounts have no labels. */
const membershipsOf = (context: CommandContext): Promise<readonly Membership[]> =>
  readMemberships(context.client()).catch(() => []);

async function list(command: Command, context: CommandContext): Promise<void> {
  const output = context.output(outputOptionsOf(command));
  const { knownAccounts: known = [] } = context.configFile.read();
  const memberships = await membershipsOf(context);
  const active = context.settings.accountId;
  const ids = new Set([...known.map(({ accountId }) => accountId), ...memberships.map(({ aid }) => aid)]);
  const accounts = [...ids].map((accountId) => {
    const membership = memberships.find(({ aid }) => aid === accountId);
    const stored = known.find((account) => account.accountId === accountId);
    return {
      accountId,
      active: accountId === active,
      addedAt: stored?.addedAt,
      lastUsedAt: stored?.lastUsedAt,
      label: labelOf(membership),
      accountRole: membership?.accountRole ?? undefined,
      isDefault: membership?.isDefault,
    };
  });
  await output.print({ schemaVersion: 1, accounts }, () =>
    accounts.length === 0
      ? 'No accounts. Log in: runos login\n'
      : tableText(
          [
            { header: '', cells: accounts.map((account) => (account.active ? '*' : '')), isKept: true },
            { header: 'ID', cells: accounts.map(({ accountId }) => accountId), isKept: true },
            { header: 'NAME', cells: accounts.map(({ label = '' }) => label) },
            { header: 'ROLE', cells: accounts.map(({ accountRole = '' }) => accountRole) },
          ],
          columnsOf(context.terminal),
        ),
  );
}

async function switchTo(command: Command, context: CommandContext): Promise<void> {
  const [accountId = ''] = command.args;
  const output = context.output(outputOptionsOf(command));
  const stored = context.configFile.read();
  const key = stored.knownAccounts?.find((account) => account.accountId === accountId)?.apiKey;
  if (key === undefined)
    throw new CliError(`No key is stored for account ${accountId}.`, {
      remedy: `runos login --account-id ${accountId}`,
    });
  context.configFile.update({
    accountId,
    apiKey: key,
    clusterId: stored.accountId === accountId ? stored.clusterId : undefined,
    knownAccounts: rememberAccount(stored, accountId, key, context.now()),
  });
  await refreshCatalog(context).catch(() => output.warn('The list of commands cannot be read; runos manifest update.'));
  await output.print({ accountId }, () => `Working in account ${accountId}.\n`);
  if (context.environment.accountId !== undefined) output.warn('RUNOS_ACCOUNT_ID is set and wins.');
  output.note('Next: runos clusters default CID');
}
