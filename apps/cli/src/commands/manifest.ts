import type { Command } from 'commander';
import { cachedCatalog, currentCatalog, refreshCatalog } from '../catalog/catalog-cache.js';
import { type CatalogCommand, outputFieldsOf } from '../catalog/catalog.js';
import { commandAt, commandTree, wordsOf } from '../catalog/command-tree.js';
import { usageError } from '../failure/cli-error.js';
import { tableText } from '../output/table.js';
import { columnsOf } from '../terminal/terminal.js';
import type { CommandContext } from '../terminal/command-context.js';
import { defineCommand, groupIn, outputOptionsOf } from './define-command.js';

/** `manifest update|list|show`: the commands that the server offers. */
export function addManifest(program: Command, context: CommandContext): void {
  const group = groupIn(program, 'manifest', 'the commands that the server offers');
  defineCommand(group, {
    usage: 'update',
    description: 'fetch the list of commands from the server',
    examples: ['runos manifest update'],
    run: async (command) => {
      const before = cachedCatalog(context)?.version;
      const { version, commands } = await refreshCatalog(context);
      const change = before === version ? 'unchanged' : before === undefined ? 'new' : `was ${before}`;
      await context
        .output(outputOptionsOf(command))
        .print({ version, previous: before ?? null, commands: commands.length }, () => {
          return `${commands.length} commands, version ${version} (${change}).\n`;
        });
    },
  });
  defineCommand(group, {
    usage: 'list [words...]',
    description: 'list the commands, or those that begin with these words',
    examples: ['runos manifest list', 'runos manifest list services postgresql'],
    run: async (command) => {
      const { commands } = await currentCatalog(context);
      const chosen = commands.filter((one) => command.args.every((word, at) => wordsOf(one)[at] === word));
      await context.output(outputOptionsOf(command)).print(chosen, () => listText(chosen, columnsOf(context.terminal)));
    },
  });
  defineCommand(group, {
    usage: 'show <words...>',
    description: 'show the request and the inputs of a command',
    examples: ['runos manifest show services postgresql add'],
    run: async (command) => {
      const { commands } = await currentCatalog(context);
      const found = commandAt(
        commandTree(commands),
        command.args.flatMap((word) => word.split('/')),
      );
      if (found === undefined) throw usageError(`There is no command "${command.args.join(' ')}".`);
      await context.output(outputOptionsOf(command)).print(found, () => showText(found));
    },
  });
}

const listText = (commands: readonly CatalogCommand[], columns: number): string =>
  tableText(
    [
      { header: 'COMMAND', cells: commands.map((one) => wordsOf(one).join(' ')), isKept: true },
      { header: 'METHOD', cells: commands.map(({ method }) => method) },
      {
        header: 'DESCRIPTION',
        cells: commands.map(({ description = '' }) => description),
        isKept: true,
        canBeCut: true,
      },
    ],
    columns,
  );

const showText = (command: CatalogCommand): string =>
  [
    command.description ?? '',
    `  ${command.method} ${command.endpoint}`,
    ...(command.input?.fields ?? []).map(({ name, type, description = '' }) => `  ${name} (${type}) ${description}`),
    ...(command.input?.flags ?? []).map(({ name, description = '' }) => `  ${name} (switch) ${description}`),
    `  answers ${outputFieldsOf(command).join(', ')}`,
    '',
  ].join('\n');
