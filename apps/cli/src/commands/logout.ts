import { type Command, Option } from 'commander';
import { forgetKeys } from '../accounts/known-accounts.js';
import type { CommandContext } from '../terminal/command-context.js';
import { defineCommand, outputOptionsOf } from './define-command.js';

export const addLogout = (program: Command, context: CommandContext): Command =>
  defineCommand(program, {
    usage: 'logout',
    description: 'forget the stored key of this account; the key stays valid until it is revoked',
    examples: ['runos logout', 'runos logout --all'],
    options: [new Option('--all', 'forget the keys of all accounts')],
    run: async (command) => {
      const output = context.output(outputOptionsOf(command));
      const { configFile } = context;
      const stored = configFile.read();
      const isAll = command.opts<{ all?: boolean }>().all === true;
      const knownAccounts = forgetKeys(stored, isAll ? undefined : stored.accountId);
      if (stored.apiKey !== undefined || stored.knownAccounts?.length)
        configFile.update({ apiKey: undefined, signedInAt: undefined, knownAccounts });
      const account = isAll ? 'all accounts' : `account ${stored.accountId ?? '(none)'}`;
      await output.print({ accountId: stored.accountId, all: isAll }, () => `Logged out of ${account}.\n`);
      if (context.environment.apiKey !== undefined) output.warn('RUNOS_API_KEY is set and is still used.');
    },
  });
