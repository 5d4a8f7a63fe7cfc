import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const program = join(import.meta.dirname, '../../../../apps/cli/bin/runos.mjs');
/** Reports the most memory that a process had, KiB, as the last line of its standard error. */
const reportMemory = `--import=data:text/javascript,${encodeURIComponent(
  `process.on('exit', () => process.stderr.write('\\n' + process.resourceUsage().maxRSS));`,
)}`;

export interface MeasuredRun {
  readonly ms: number;
  readonly exitCode: number | null;
  readonly output: string;
  /** undefined unless it was measured. */
  readonly memoryMib?: number;
}

interface RunOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly measuresMemory?: boolean;
}

/** One run of `runos`, from its start until it has ended. */
export const runCli = (argv: readonly string[], options: RunOptions): Promise<MeasuredRun> =>
  measured([program, ...argv], options);

/** The reference: an empty program of Node. */
export const runEmpty = (options: RunOptions): Promise<MeasuredRun> => measured(['-e', '0'], options);

async function measured(
  args: readonly string[],
  { cwd, env, measuresMemory = false }: RunOptions,
): Promise<MeasuredRun> {
  const began = performance.now();
  const child = spawn(process.execPath, [...(measuresMemory ? [reportMemory] : []), ...args], {
    cwd,
    env: { PATH: '/usr/bin:/bin', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  const ms = performance.now() - began;
  const memory = measuresMemory ? { memoryMib: Number(errors.split('\n').at(-1)) / 1_024 } : {};
  return { ms, exitCode, output: output + errors, ...memory };
}
