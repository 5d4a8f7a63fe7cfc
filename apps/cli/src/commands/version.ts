import type { Command } from 'commander';
import type { CommandContext } from '../terminal/command-context.js';
import { defineCommand, outputOptionsOf } from './define-command.js';
import { ownVersion, versionText } from './own-version.js';

export const addVersion = (program: Command, context: CommandContext): Command =>
  defineCommand(program, {
    usage: 'version',
    description: 'print the version of this program',
    examples: ['runos version'],
    run: (command) => context.output(outputOptionsOf(command)).print({ version: ownVersion() }, versionText),
  });
