import { CommanderError } from 'commander';
import { environmentOf } from './config.js';
import { type CliError, usageError } from './failure/cli-error.js';
import { cliErrorOf, errorDocument, errorText } from './failure/error-text.js';
import { exitCodes } from './failure/exit-codes.js';
import { buildProgram } from './commands/program.js';
import { styleOf } from './output/style.js';
import { CommandContext } from './terminal/command-context.js';
import type { Terminal } from './terminal/terminal.js';

/** Runs one command line, without the name of the program. Answers the exit code; every failure is printed here. */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const context = new CommandContext(terminal, environmentOf(terminal.env));
    const program = buildProgram(context);
    await program.parseAsync(argv, { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok;
    return report(error instanceof CommanderError ? usageOf(error) : cliErrorOf(error), argv, terminal);
  }
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
  if (wantsJson(argv)) terminal.stdout.write(`${JSON.stringify(errorDocument(error), null, 2)}\n`);
  else terminal.stderr.write(errorText(error, styleOf(terminal, terminal.stderr, !argv.includes('--no-color'))));
  return error.exitCode;
}

/** Also for command lines that cannot be parsed. */
const wantsJson = (argv: readonly string[]): boolean => {
  const words = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const formats = ['--output=json', '-ojson', '-o=json'];
  return words.some(
    (word, index) =>
      word === '--json' ||
      word === '-j' ||
      formats.includes(word) ||
      (word === 'json' && ['-o', '--output'].includes(words[index - 1] ?? '')),
  );
};
