import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type PlaneInfo, readPlaneInfo } from './plane-data.js';
import { eventually } from './eventually.js';
import { recordResponses } from './secrets/response-recorder.js';
import { planeSecrets } from './secrets/plane-secrets.js';
import { searchDatabase, searchFiles, type SearchResult, secretsIn } from './secrets/search.js';

const main = resolve(import.meta.dirname, '../../start/dist/main.js');

/** Settings of a plane without limits per client. */
export const unlimited = {
  RUNOS_WRITES_PER_MINUTE: '0',
  RUNOS_READS_PER_MINUTE: '0',
  RUNOS_FAILED_AUTHENTICATIONS_PER_MINUTE: '0',
  RUNOS_CONNECTIONS_PER_CLIENT: '0',
};

/** Real nodes import their images first: a minute on a machine without other load, several with much. */
const startTimeoutMs = 300_000;

/** One plane with its own data on free ports, started like `npm start`. */
export class Plane {
  #child: ChildProcess | undefined;

  private constructor(readonly data: string) {}

  static async create(): Promise<Plane> {
    const data = await mkdtemp(join(tmpdir(), 'runos-e2e-'));
    await mkdir(data, { recursive: true });
    return new Plane(data);
  }

  /** Starts the plane, and waits until it answers and, by default, until the demo cluster is connected. */
  async start(
    until: 'ready' | 'clusterReady' = 'clusterReady',
    environment: NodeJS.ProcessEnv = {},
    ...options: readonly string[]
  ): Promise<PlaneInfo> {
    const log = createWriteStream(join(this.data, 'start.log'), { flags: 'a' });
    // Simulated nodes can be made to fail, and need neither root nor images. A later option overrides an earlier one.
    const args = ['--data', this.data, '--port', '0', '--agent-ports', '0,0', '--nodes', 'simulated', ...options];
    const child = spawn(process.execPath, [main, ...args], {
      // The channel closes when this process ends, also by SIGKILL; then the plane stops.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...environment },
    });
    child.stdout?.pipe(log);
    child.stderr?.pipe(log);
    this.#child = child;
    return eventually(
      `the plane in ${this.data} to be ${until}`,
      async () => {
        if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}: ${await this.output()}`);
        const dev = await readPlaneInfo(this.data).catch(() => undefined);
        if (!dev?.[until] || Object.values(dev.pids).length === 0) return undefined;
        recordResponses(this.data, dev);
        return dev;
      },
      startTimeoutMs,
    );
  }

  output = (): Promise<string> => readFile(join(this.data, 'start.log'), 'utf8');

  /** Stops it as Ctrl-C does; resolves with its exit code when every process has ended. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit') as Promise<[number | null]>;
    child.kill(signal);
    return (await ended)[0];
  }

  /**
   * Searches each secret of the plane in everything that it wrote, and in the given texts by name; then stops and removes
   * the plane. Returns the searched places; a plane that did not start has none.
   * @throws Error that names each place with a secret
   */
  async finish(texts: Readonly<Record<string, string>> = {}): Promise<SearchResult> {
    try {
      const dev = await readPlaneInfo(this.data).catch(() => undefined);
      if (!dev?.ready) return { places: [], found: [] };
      const secrets = await planeSecrets(this.data, dev);
      const database = await searchDatabase(dev.databaseUrl, secrets);
      await this.stop(); // the last log lines of its processes are searched as well
      const files = searchFiles(this.data, secrets);
      const inTexts = Object.entries(texts).flatMap(([place, text]) =>
        secretsIn(text, secrets).map((name) => `${place}: ${name}`),
      );
      const found = [...files.found, ...database.found, ...inTexts];
      if (found.length > 0) throw new Error(`secrets were found: ${found.join('; ')}`);
      return { places: [...files.places, ...database.places, ...Object.keys(texts)], found };
    } finally {
      await this.remove();
    }
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.data, { recursive: true, force: true });
  }
}

const command = resolve(import.meta.dirname, '../../start/dist/plane.js');

/** Runs `npm run plane -- stop|start NAME` on the shared plane. */
export async function controlProcess(verb: 'stop' | 'start', name: string): Promise<void> {
  await promisify(execFile)(process.execPath, [command, verb, name, '--data', String(process.env['RUNOS_E2E_DATA'])]);
}
