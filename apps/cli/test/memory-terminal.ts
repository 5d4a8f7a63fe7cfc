import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { runCli } from '../src/cli.js';
import type { InputStream, Terminal, TextStream } from '../src/terminal/terminal.js';

export interface MemoryTerminalOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A person sits there, in a window of this width. */
  readonly columns?: number;
  /** What is typed, or comes through the pipe. */
  readonly input?: string;
}

export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A home folder with runs of the program in it. */
export class CliHome {
  readonly folder = mkdtempSync(join(tmpdir(), 'runos-cli-'));
  readonly #interrupts = new Set<() => void>();

  /** One run of the program in this process. */
  async run(argv: readonly string[], options: MemoryTerminalOptions = {}): Promise<RunResult> {
    const { terminal, texts } = this.#terminal(options);
    const exitCode = await runCli(argv, terminal);
    return { exitCode, stdout: texts.stdout(), stderr: texts.stderr() };
  }

  /** Ctrl-C. */
  interrupt(): void {
    for (const listener of this.#interrupts) listener();
  }

  /** Again while a program that a shell has started, and left, writes its last file. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 30, retryDelay: 50 });
  }

  #terminal({ env = {}, columns, input = '' }: MemoryTerminalOptions) {
    const isTTY = columns !== undefined;
    const [stdout, stderr] = [recorder(), recorder()];
    const stdin = new PassThrough();
    stdin.end(input);
    const terminal: Terminal = {
      env: { HOME: this.folder, ...env },
      folder: this.folder,
      stdin: Object.assign(stdin, { isTTY }) as InputStream,
      stdout: Object.assign(stdout.stream, { isTTY, columns }) as TextStream,
      stderr: Object.assign(stderr.stream, { isTTY, columns }) as TextStream,
      onInterrupt: (listener) => {
        this.#interrupts.add(listener);
        return () => this.#interrupts.delete(listener);
      },
    };
    return { terminal, texts: { stdout: stdout.text, stderr: stderr.text } };
  }
}

function recorder() {
  const stream = new PassThrough();
  const chunks: string[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  return { stream, text: () => chunks.join('') };
}
