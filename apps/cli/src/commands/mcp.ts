import { Argument, type Command } from 'commander';
import type { Level } from '@runos/api';
import { levelNames, toolLevels } from '../mcp/tool-levels.js';
import type { CommandContext } from '../terminal/command-context.js';
import { defineCommand } from './define-command.js';

/** `mcp`: the commands of the server as tools for programs that speak the Model Context Protocol. */
export const addMcp = (program: Command, context: CommandContext): Command =>
  defineCommand(program, {
    usage: 'mcp',
    description: [
      'serve the commands of the catalog as tools of the Model Context Protocol on standard input and output',
      '',
      ...levelNames.map((level) => `  ${level.padEnd(16)} ${toolLevels[level]}`),
      '',
      'Writes need the argument confirm: true. Without it, they answer what would happen.',
    ].join('\n'),
    arguments: [new Argument('[levels...]', 'which tools to offer').choices(levelNames).default(['read'], 'read')],
    examples: ['runos mcp', 'runos mcp sensitive_read', 'runos mcp read write'],
    run: async (command) => {
      const { serveTools } = await import('../mcp/serve-tools.js');
      const levels = (command.args.length === 0 ? ['read'] : command.args) as readonly Level[];
      await serveTools(context, levels);
    },
  }).summary('serve the commands of the catalog as tools of the Model Context Protocol');
