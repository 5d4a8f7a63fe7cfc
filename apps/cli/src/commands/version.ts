import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { CommandContext } from '../terminal/command-context.js';
import { defineCommand, outputOptionsOf } from './define-command.js';

/** The version of this program. */
export function ownVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

export const addVersion = (program: Command, context: CommandContext): Command =>
  defineCommand(program, {
    usage: 'version',
    description: 'print the version of this program',
    examples: ['runos version'],
    run: (command) => {
      const version = ownVersion();
      return context.output(outputOptionsOf(command)).print({ version }, () => `runos ${version}\n`);
    },
  });
