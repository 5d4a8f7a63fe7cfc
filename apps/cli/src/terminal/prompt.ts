import { createInterface, type Interface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CliError } from '../failure/cli-error.js';
import { exitCodes } from '../failure/exit-codes.js';
import type { Terminal } from './terminal.js';

/** Prompts on standard error, because standard output is for data. @throws CliError when the person presses Ctrl-C or Ctrl-D */
export const prompt = (terminal: Terminal, question: string): Promise<string> =>
  answerOf(terminal, terminal.stderr, (reader) => reader.question(question));

/** As `prompt`, without showing what is typed. @throws CliError when the person presses Ctrl-C or Ctrl-D */
export async function promptSecret(terminal: Terminal, question: string): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    return await answerOf(terminal, silent, (reader) => {
      // The terminal itself shows what is typed until the reader has begun, so the question comes after that.
      terminal.stderr.write(question);
      return reader.question('');
    });
  } finally {
    terminal.stderr.write('\n');
  }
}

async function answerOf(
  { stdin }: Terminal,
  output: Writable,
  begin: (reader: Interface) => Promise<string>,
): Promise<string> {
  const reader = createInterface({ input: stdin, output, terminal: stdin.isTTY === true });
  const stopped = new Promise<never>((_resolve, reject) => {
    const stop = () => reject(new CliError('Stopped. Nothing was changed.', { exitCode: exitCodes.interrupted }));
    reader.once('SIGINT', stop);
    // A line that ends with the input was answered before.
    reader.once('close', () => setImmediate(stop));
  });
  try {
    return (await Promise.race([begin(reader), stopped])).trim();
  } finally {
    stopped.catch(() => undefined);
    reader.close();
  }
}

/** The whole of standard input as text. */
export async function readInput({ stdin }: Terminal): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks).toString('utf8');
}
