import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { moduleFolder } from './recipe.js';

export interface GoRun {
  /** Receives every line that Go writes to standard error: downloads, and with -v the compiled packages. */
  readonly onLine?: (line: string) => void;
  /** Ends Go and its child processes. */
  readonly signal?: AbortSignal;
  /** Runs at low priority. */
  readonly background?: boolean;
  /** The module's folder. Default: that of Kubernetes. */
  readonly cwd?: string;
  /** Additional environment variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The slowest build takes ten minutes on two cores. A download that hangs ends by this, ms. */
const deadlineMs = 2 * 3600 * 1000;

/** Runs `go` in the folder of a go.mod; returns its standard output. @throws Error with its last error lines */
export async function runGo(args: readonly string[], run: GoRun = {}): Promise<string> {
  const { onLine, background, cwd = moduleFolder, env } = run;
  run.signal?.throwIfAborted();
  const deadline = AbortSignal.timeout(deadlineMs);
  const signal = AbortSignal.any([deadline, ...(run.signal ? [run.signal] : [])]);
  const go = spawn('go', args, {
    cwd,
    detached: true, // a process group of its own, so that its compilers end with it
    env: { ...process.env, ...env, GOFLAGS: `${process.env.GOFLAGS ?? ''} -buildvcs=false`.trim() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = (): void => endGroup(go.pid);
  signal.addEventListener('abort', end);
  process.once('exit', end);
  const errors: string[] = [];
  let output = '';
  go.stdout.on('data', (text) => (output += text));
  createInterface({ input: go.stderr }).on('line', (line) => {
    onLine?.(line);
    errors.push(line);
    if (errors.length > 20) errors.shift();
  });
  try {
    if (background && go.pid) setPriority(go.pid, 10);
    const code = await new Promise<number | null>((resolve, reject) => {
      go.once('close', resolve);
      go.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'ENOENT' ? goIsMissing(error) : error));
    });
    run.signal?.throwIfAborted();
    if (deadline.aborted) throw new Error(`go ${args[0]} did not end within two hours`);
    if (code !== 0) throw new Error(`go ${args[0]} failed:\n${errors.join('\n')}`);
    return output;
  } finally {
    signal.removeEventListener('abort', end);
    process.removeListener('exit', end);
  }
}

const goIsMissing = (cause: Error): Error =>
  new Error(
    'Go is not on PATH, and nats-server and Kubernetes are built with it once: install Go 1.26 or newer (https://go.dev/dl).',
    {
      cause,
    },
  );

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
