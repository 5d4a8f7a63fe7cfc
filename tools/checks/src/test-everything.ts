import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileSizes } from './file-sizes.js';
import { forgetResults, resultsOf, type TestTarget } from './jest-results.js';
import { leftovers, marker } from './leftovers.js';
import { projectsWith } from './projects.js';
import { runScript } from './run-script.js';
import { sentenceOf, Tally } from './tally.js';
import { startTestServers, type TestServers } from './test-servers.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * Checks and tests the whole workspace, which is compiled already. Ends with one line of counts; nothing that it
 * started outlives it, not even when it is interrupted. Answers whether everything passed.
 */
export async function testEverything(root: string): Promise<boolean> {
  const run = randomUUID();
  // Everything started from here on inherits the mark by which it is found if it stays behind.
  Object.assign(process.env, { [marker]: run, NX_DAEMON: 'false', NX_TUI: 'false', FORCE_COLOR: '0' });
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => interrupted.abort(new Error(`interrupted by ${name}`)));
  }
  const tally = new Tally(say);
  tally.add(1, []); // what brought us here compiled
  try {
    await new Everything(root, tally, interrupted.signal).check();
    interrupted.signal.throwIfAborted();
  } catch (error) {
    tally.add(0, [sentenceOf(error)]);
  }
  await tally.check('nothing is left running', () => endLeftovers(run));
  return tally.report();
}

async function endLeftovers(run: string): Promise<true | string> {
  const left = await leftovers(run);
  for (const { pid } of left) process.kill(pid, 'SIGKILL');
  return left.length === 0 || `ended these: ${left.map(({ pid, command }) => `${pid} ${command}`).join('; ')}`;
}

class Everything {
  constructor(
    private readonly root: string,
    private readonly tally: Tally,
    private readonly signal: AbortSignal,
  ) {}

  async check(): Promise<void> {
    const { root, tally } = this;
    await tally.check('format', () =>
      this.#module('prettier/bin/prettier.cjs', '--check', '.', '--cache', '--log-level=warn'),
    );
    await tally.check('file sizes', () => fileSizes(root, say));
    await tally.check('lint', () => this.#everywhere('lint'));
    let servers: TestServers | undefined;
    await tally.check('a PostgreSQL and a Kubernetes for the tests', async () => {
      servers = await startTestServers(say, this.signal);
      return true;
    });
    if (servers === undefined) return;
    Object.assign(process.env, servers.environment);
    try {
      await this.#test('test');
      await this.#test('e2e');
    } finally {
      await servers.stop();
    }
  }

  async #test(target: TestTarget): Promise<void> {
    const projects = projectsWith(this.root, target);
    forgetResults(this.root, projects, target);
    say(`\n── ${target}: ${projects.length} projects`);
    await this.#everywhere(target);
    for (const project of projects) {
      const { passed, failures } = resultsOf(this.root, project, target);
      this.tally.add(passed, failures);
    }
  }

  /** Runs a target in all projects. What it needs is compiled already: Nx need not do it again, one by one. */
  #everywhere = (target: string): Promise<boolean> =>
    this.#module(
      'nx/dist/bin/nx.js',
      ...['run-many', '-t', target, '--nxBail=false', '--excludeTaskDependencies', '--output-style=static'],
      // Whole planes, some of them under fire, each want the machine for themselves.
      ...(target === 'e2e' ? ['--parallel=1'] : []),
    );

  #module = (path: string, ...args: string[]): Promise<boolean> =>
    runScript([join(this.root, 'node_modules', path), ...args], { cwd: this.root, signal: this.signal });
}
