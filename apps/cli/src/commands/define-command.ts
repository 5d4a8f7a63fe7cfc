import { type Argument, Command, Option } from 'commander';
import type { OutputOptions } from '../output/output.js';
import { exitCodesText } from '../failure/exit-codes.js';

const outputOptions = (): Option[] => [
  new Option('-j, --json', 'print one JSON document, also for errors').conflicts('output'),
  new Option('-o, --output <format>', 'print as').choices(['json', 'yaml', 'wide']),
  new Option('-q, --quiet', 'print no hints and no progress'),
  new Option('--no-color', 'print without colours, as with NO_COLOR'),
];

/** Adds the options that every command has, where the command has none of that name. */
export function addOutputOptions(command: Command): Command {
  const taken = new Set(command.options.flatMap(({ long, short }) => [long, short]));
  for (const option of outputOptions()) {
    if (taken.has(option.long)) continue;
    if (option.short !== undefined && taken.has(option.short)) option.short = undefined;
    command.addOption(option);
  }
  return command;
}

/** The options of a command, also those that stand before its name. */
export const outputOptionsOf = (command: Command): OutputOptions => command.optsWithGlobals<OutputOptions>();

export interface CommandDefinition {
  /** With its arguments: `switch <account>`. */
  readonly usage: string;
  readonly description: string;
  /** Whole command lines. */
  readonly examples?: readonly string[];
  readonly options?: readonly Option[];
  readonly arguments?: readonly Argument[];
  readonly run: (command: Command) => Promise<void>;
}

/** Adds a command that is written by hand. Its `run` reads `args` and options from the command. */
export function defineCommand(parent: Command, definition: CommandDefinition): Command {
  const { usage, description, examples = [], options = [], run } = definition;
  const command = parent.command(usage).description(description);
  for (const option of options) command.addOption(option);
  for (const argument of definition.arguments ?? []) command.addArgument(argument);
  addOutputOptions(command);
  command.addHelpText('after', helpEnd(examples));
  return command.action(() => run(command));
}

/** What help ends with. */
export const helpEnd = (examples: readonly string[]): string =>
  ['', ...(examples.length > 0 ? ['Examples:', ...examples.map((line) => `  $ ${line}`), ''] : []), exitCodesText].join(
    '\n',
  );

/** The group of this name, made at its first use. */
export function groupIn(parent: Command, name: string, description: string): Command {
  const existing = parent.commands.find((command) => command.name() === name);
  return existing ?? parent.command(name).description(description);
}
