import type { Command } from 'commander';
import { objectText } from '../output/object-text.js';
import type { CommandContext } from '../terminal/command-context.js';
import { isNewer, offeredVersion, upgradeCommand } from '../upgrade/offered-version.js';
import { defineCommand, outputOptionsOf } from './define-command.js';
import { ownVersion } from './own-version.js';

const deadlineMs = 10_000;

export const addUpgrade = (program: Command, context: CommandContext): Command =>
  defineCommand(program, {
    usage: 'upgrade',
    description: 'show whether the server offers a newer version of this program, and how to install it',
    examples: ['runos upgrade'],
    run: async (command) => {
      const output = context.output(outputOptionsOf(command));
      const offered = await offeredVersion(context, deadlineMs);
      const isUpgrade = offered !== undefined && isNewer(offered, ownVersion());
      const answer = {
        version: ownVersion(),
        offered: offered ?? null,
        command: isUpgrade ? upgradeCommand(context) : null,
      };
      await output.print(answer, () => objectText(answer, Object.keys(answer), output.style, context.now()));
      if (offered === undefined) output.note('This server names no version of runos.');
      else if (!isUpgrade) output.note('This is the newest version that the server offers.');
    },
  });
