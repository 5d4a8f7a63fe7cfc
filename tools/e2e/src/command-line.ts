import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

const program = resolve(import.meta.dirname, '../../../apps/cli/bin/runos.mjs');

interface Run {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program `runos` for one person or one pipeline, with a home folder and environment variables of its own. */
export class CommandLine {
  constructor(
    private readonly home: string,
    private readonly folder: string,
    private readonly env: Readonly<Record<string, string>> = {},
  ) {}

  /** `input` comes through a pipe, so there is no prompt. */
  async run(argv: readonly string[], input = ''): Promise<Run> {
    const env = { PATH: '/usr/bin:/bin', HOME: this.home, ...this.env };
    const child = spawn(process.execPath, [program, ...argv], { cwd: this.folder, env });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdin.end(input);
    const [exitCode] = (await once(child, 'close')) as [number | null];
    return { exitCode, stdout, stderr };
  }

  /** The document that a run prints. @throws Error with what it printed when it fails */
  async json(argv: readonly string[]): Promise<Record<string, unknown>> {
    const { exitCode, stdout, stderr } = await this.run([...argv, '--json']);
    if (exitCode !== 0) throw new Error(`runos ${argv.join(' ')} ended with ${exitCode}:\n${stdout}${stderr}`);
    return JSON.parse(stdout) as Record<string, unknown>;
  }
}
