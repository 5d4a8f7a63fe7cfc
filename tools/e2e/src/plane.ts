import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Dev as DevJson } from '@runos/tool-start';
import { eventually } from './eventually.js';

const main = resolve(import.meta.dirname, '../../start/dist/main.js');

/** What `npm start` writes to `<data>/dev.json`; the planes of tests have a cluster. */
export type Dev = DevJson & { readonly cid: string; readonly kubeconfig: string };

export const devOf = async (data: string): Promise<Dev> => JSON.parse(await readFile(join(data, 'dev.json'), 'utf8'));

/** One plane with its own data, started as `npm start` starts it, on free ports. */
export class Plane {
  #child: ChildProcess | undefined;

  private constructor(readonly data: string) {}

  static async create(): Promise<Plane> {
    const data = await mkdtemp(join(tmpdir(), 'runos-e2e-'));
    await mkdir(data, { recursive: true });
    return new Plane(data);
  }

  /** Starts (again) and waits until the plane answers and, unless told otherwise, the demo cluster is connected. */
  async start(
    until: 'ready' | 'clusterReady' = 'clusterReady',
    environment: NodeJS.ProcessEnv = {},
    ...options: readonly string[]
  ): Promise<Dev> {
    const log = createWriteStream(join(this.data, 'start.log'), { flags: 'a' });
    const args = ['--data', this.data, '--port', '0', '--agent-ports', '0,0', ...options];
    const child = spawn(process.execPath, [main, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    child.stdout.pipe(log);
    child.stderr.pipe(log);
    this.#child = child;
    return eventually(`the plane in ${this.data} to be ${until}`, 120_000, async () => {
      if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}: ${await this.output()}`);
      const dev = await devOf(this.data).catch(() => undefined);
      return dev?.[until] && Object.values(dev.pids).length > 0 ? dev : undefined;
    });
  }

  output = (): Promise<string> => readFile(join(this.data, 'start.log'), 'utf8');

  /** Asks it to end, as Ctrl-C does; resolves with its exit code when every process is gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit') as Promise<[number | null]>;
    child.kill(signal);
    return (await ended)[0];
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.data, { recursive: true, force: true });
  }
}
