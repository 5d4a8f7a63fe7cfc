import { CommanderError } from 'commander';
import { catalogFor, refreshedCatalog } from './catalog/catalog-choice.js';
import { canonicalArguments } from './catalog/canonical-arguments.js';
import type { Catalog } from './catalog/catalog.js';
import { commandOptions } from './catalog/command-options.js';
import { commandOfWords } from './catalog/command-tree.js';
import { buildProgram } from './commands/program.js';
import { environmentOf } from './config.js';
import { requireApiKey } from './configuration/settings.js';
import { type CliError, usageError } from './failure/cli-error.js';
import { cliErrorOf, errorDocument, errorText } from './failure/error-text.js';
import { exitCodes } from './failure/exit-codes.js';
import { styleOf } from './output/style.js';
import { CommandContext } from './terminal/command-context.js';
import type { Terminal } from './terminal/terminal.js';

/** Runs one command line, without the name of the program. Answers the exit code; every failure is printed here. */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const context = new CommandContext(terminal, environmentOf(terminal.env));
    if (argv[0] === completeWord) return await complete(context, argv.slice(1));
    await runIn(context, argv);
    await hintAfter(context, argv);
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok;
    return report(error instanceof CommanderError ? usageOf(error) : cliErrorOf(error), argv, terminal);
  }
}

/** What the scripts of `completion` call. */
const completeWord = '__complete';

async function complete(context: CommandContext, words: readonly string[]): Promise<number> {
  const { completionsFor } = await import('./completion/completion-words.js');
  for (const { value, description = '' } of await completionsFor(words, context))
    context.terminal.stdout.write(`${value}\t${description.replaceAll(/\s+/g, ' ')}\n`);
  return exitCodes.ok;
}

/** Loaded for people only. */
async function hintAfter(context: CommandContext, argv: readonly string[]): Promise<void> {
  if (context.terminal.stderr.isTTY !== true) return;
  const { hintUpgrade } = await import('./upgrade/hint-upgrade.js');
  await hintUpgrade(context, argv).catch(() => undefined);
}

/** A command or an option that is not known may be newer than the stored catalog, so that is fetched again once. */
async function runIn(context: CommandContext, argv: readonly string[]): Promise<void> {
  const catalog = await catalogFor(context, argv);
  try {
    await runWith(context, argv, catalog);
  } catch (error) {
    const isUnknown = error instanceof CommanderError && /unknown(Command|Option)/.test(error.code);
    const newer = isUnknown ? await refreshedCatalog(context, argv, catalog) : undefined;
    if (newer === undefined && isUnknown && catalog === undefined && !error.message.includes('Did you mean'))
      requireApiKey(context.settings);
    if (newer === undefined) throw error;
    await runWith(context, argv, newer);
  }
}

async function runWith(context: CommandContext, argv: readonly string[], catalog?: Catalog): Promise<void> {
  const command = catalog === undefined ? undefined : commandOfWords(catalog.commands, argv);
  const words = command === undefined ? argv : canonicalArguments(argv, commandOptions(command));
  await buildProgram(context, words, catalog).parseAsync(words, { from: 'user' });
}

/** The sentence of the library in the form of the other errors. */
function usageOf({ message, code }: CommanderError): CliError {
  if (code === 'commander.help') return usageError('A command is missing.', { remedy: 'choose one of those above' });
  const [first = '', suggestion] = message.replace(/^error: /, '').split('\n');
  const sentence = first.charAt(0).toUpperCase() + first.slice(1);
  const remedy = suggestion?.replace(/^\((.*)\)$/, '$1');
  return usageError(/[.?]$/.test(sentence) ? sentence : `${sentence}.`, { remedy: remedy ?? 'add --help to see how' });
}

function report(error: CliError, argv: readonly string[], terminal: Terminal): number {
  if (error.details.isNotice === true) terminal.stderr.write(error.message === '' ? '' : `${error.message}\n`);
  else if (isJsonRequested(argv)) terminal.stdout.write(`${JSON.stringify(errorDocument(error), null, 2)}\n`);
  else terminal.stderr.write(errorText(error, styleOf(terminal, terminal.stderr, !argv.includes('--no-color'))));
  return error.exitCode;
}

/** Also for command lines that cannot be parsed. */
const isJsonRequested = (argv: readonly string[]): boolean => {
  const words = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const formats = ['--json', '-j', '--output=json', '-ojson', '-o=json'];
  const isFormat = (index: number) => ['-o', '--output'].includes(words[index - 1] ?? '');
  return words.some((word, index) => formats.includes(word) || (word === 'json' && isFormat(index)));
};
