import type { Command } from 'commander';
import { labelOf, readMemberships } from '../accounts/memberships.js';
import { requireAccount } from '../configuration/settings.js';
import { objectText } from '../output/object-text.js';
import type { CommandContext } from '../terminal/command-context.js';
import { defineCommand, outputOptionsOf } from './define-command.js';

export const addWhoami = (program: Command, context: CommandContext): Command =>
  defineCommand(program, {
    usage: 'whoami',
    description: 'show the account of the key and your role in it, as the server knows them',
    examples: ['runos whoami'],
    run: async (command) => {
      const output = context.output(outputOptionsOf(command));
      const { settings } = context;
      const memberships = await readMemberships(context.client());
      const accountId = requireAccount(settings);
      const membership = memberships.find(({ aid }) => aid === accountId);
      const answer = {
        accountId,
        name: labelOf(membership) ?? null,
        role: membership?.accountRole ?? null,
        key: keyPlace(context),
        apiUrl: settings.apiUrl,
      };
      await output.print(answer, () => objectText(answer, Object.keys(answer), output.style, context.now()));
      if (membership === undefined) output.warn(`The key is not of account ${accountId}.`);
    },
  });

function keyPlace({ settings, configFile }: CommandContext): string {
  if (settings.keySource === 'RUNOS_API_KEY') return 'RUNOS_API_KEY';
  return settings.hasOsKeyStore === true ? 'the key store of the operating system' : configFile.path;
}
