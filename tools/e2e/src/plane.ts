import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Dev, devOf } from './dev.js';
import { eventually } from './eventually.js';
import { openBook } from './secrets/answer-book.js';
import { planeSecrets } from './secrets/plane-secrets.js';
import { searchDatabase, type Searched, searchFiles } from './secrets/search.js';
import { secretsIn } from './secrets/secrets-in.js';

const main = resolve(import.meta.dirname, '../../start/dist/main.js');

/** Settings of a plane whose limits per minute turn nobody away. */
export const unlimited = { RUNOS_WRITES_PER_MINUTE: '0', RUNOS_READS_PER_MINUTE: '0' };

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
      // The channel tells it when we end, however that comes: nothing stays behind.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...environment },
    });
    child.stdout?.pipe(log);
    child.stderr?.pipe(log);
    this.#child = child;
    return eventually(`the plane in ${this.data} to be ${until}`, 120_000, async () => {
      if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}: ${await this.output()}`);
      const dev = await devOf(this.data).catch(() => undefined);
      if (!dev?.[until] || Object.values(dev.pids).length === 0) return undefined;
      openBook(this.data, dev);
      return dev;
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

  /**
   * Ends and removes it when every secret it has was sought in all that it wrote, and in what was told elsewhere (by
   * name). Answers where; a plane that did not come up has written nothing worth a look.
   * @throws Error naming each place that tells a secret
   */
  async finish(elsewhere: Readonly<Record<string, string>> = {}): Promise<Searched> {
    try {
      const dev = await devOf(this.data).catch(() => undefined);
      if (!dev?.ready) return { places: [], found: [] };
      const secrets = await planeSecrets(this.data, dev);
      const database = await searchDatabase(dev.databaseUrl, secrets);
      await this.stop(); // what its processes say at their end is searched as well
      const files = searchFiles(this.data, secrets);
      const told = Object.entries(elsewhere).flatMap(([place, text]) =>
        secretsIn(text, secrets).map((name) => `${place}: ${name}`),
      );
      const found = [...files.found, ...database.found, ...told];
      if (found.length > 0) throw new Error(`secrets were told: ${found.join('; ')}`);
      return { places: [...files.places, ...database.places, ...Object.keys(elsewhere)], found };
    } finally {
      await this.remove();
    }
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.data, { recursive: true, force: true });
  }
}
