import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CliError } from '../failure/cli-error.js';
import { exitCodes } from '../failure/exit-codes.js';
import type { Terminal } from './terminal.js';

/** Prompts on standard error, because standard output is for data. @throws CliError when the person presses Ctrl-C or Ctrl-D */
export const prompt = (terminal: Terminal, question: string): Promise<string> =>
  answerOf(terminal, terminal.stderr, question);

/** As `prompt`, without showing what is typed. @throws CliError when the person presses Ctrl-C or Ctrl-D */
export async function promptSecret(terminal: Terminal, question: string): Promise<string> {
  terminal.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    return await answerOf(terminal, silent, '');
  } finally {
    terminal.stderr.write('\n');
  }
}

async function answerOf({ stdin }: Terminal, output: Writable, question: string): Promise<string> {
  const reader = createInterface({ input: stdin, output, terminal: stdin.isTTY === true });
  const stopped = new Promise<never>((_resolve, reject) => {
    const stop = () => reject(new CliError('Stopped. Nothing was changed.', { exitCode: exitCodes.interrupted }));
    reader.once('SIGINT', stop);
    // A line that ends with the input was answered before.
    reader.once('close', () => setImmediate(stop));
  });
  try {
    return (await Promise.race([reader.question(question), stopped])).trim();
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
