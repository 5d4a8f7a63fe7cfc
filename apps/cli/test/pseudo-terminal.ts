import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { waitUntil } from '@runos/testing-process';

/** The start of the compiled program, in words. */
export const program = [process.execPath, resolve(import.meta.dirname, '../bin/runos.mjs')] as const;

/** A word for a POSIX shell. */
const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;

/**
 * A program in a pseudo-terminal, which `script` of util-linux makes. Its standard output and standard error are both
 * this terminal.
 */
export class PseudoTerminal {
  #text = '';
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;

  /** `columns` is the width of its window. */
  constructor(argv: readonly string[], columns: number, env: NodeJS.ProcessEnv) {
    const command = `stty cols ${columns} rows 40; exec ${argv.map(quoted).join(' ')}`;
    this.#child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      env: { PATH: '/usr/bin:/bin', SHELL: '/bin/sh', TERM: 'xterm-256color', ...env },
    });
    this.#exit = once(this.#child, 'exit');
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.#text += chunk.toString()));
  }

  /** All that it showed. Lines end with CR and LF. */
  get text(): string {
    return this.#text;
  }

  /** Types these keys. `\x03` is Ctrl-C. */
  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** Waits until it shows this text. */
  shows(text: string): Promise<void> {
    const because = () => `the terminal does not show "${text}" but: ${this.#text}`;
    return waitUntil(() => this.#text.includes(text), { deadlineMs: 60_000, because });
  }

  /** Ends what still runs in it, as the closing of its window does. */
  async close(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#exit;
    // What it started in the background may still hold the other ends.
    for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) stream?.destroy();
  }

  /** Resolves with the exit code of the program. */
  async exited(): Promise<number> {
    await this.#exit;
    return this.#child.exitCode ?? -1;
  }
}
