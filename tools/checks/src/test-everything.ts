import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { propertySeed } from '@runos/testing-basics';
import { deleteResults, readResults, type TestTarget } from './jest-results.js';
import { machineAbilities, machineVariable } from './machine-abilities.js';
import { findOrphans, runVariable } from './orphans.js';
import { projectsWith } from './projects.js';
import { checkFileSizes } from './source-files.js';
import { sentenceOf, Tally } from './tally.js';
import { startTestServers, type TestServers } from './test-servers.js';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * Checks and tests the whole workspace, which is compiled already. The last line of output holds the counts. No process
 * that it started outlives it, even when it is interrupted. Returns whether everything passed.
 */
export async function testEverything(root: string): Promise<boolean> {
  const run = randomUUID();
  // Every process started from here on inherits this variable, by which an orphan is found at the end.
  Object.assign(process.env, { [runVariable]: run, NX_DAEMON: 'false', NX_TUI: 'false', FORCE_COLOR: '0' });
  // One seed for the whole run: Nx repeats the tests when it changes, and "random" is no value to repeat them with.
  if (process.env['RUNOS_TEST_SEED']) Object.assign(process.env, { RUNOS_TEST_SEED: String(propertySeed()) });
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => interrupted.abort(new Error(`interrupted by ${name}`)));
  }
  const tally = new Tally(print);
  tally.add(1, []); // the compilation that test.mjs ran
  try {
    await new CheckRun(root, tally, interrupted.signal).check();
    interrupted.signal.throwIfAborted();
  } catch (error) {
    tally.add(0, [sentenceOf(error)]);
  }
  await tally.check('no orphan processes', () => killOrphans(run));
  return tally.report();
}

async function killOrphans(run: string): Promise<true | string> {
  const orphans = await findOrphans(run);
  for (const { pid } of orphans) process.kill(pid, 'SIGKILL');
  return orphans.length === 0 || `killed these: ${orphans.map(({ pid, command }) => `${pid} ${command}`).join('; ')}`;
}

class CheckRun {
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
    await tally.check('file sizes', () => checkFileSizes(root, print));
    await tally.check('dependencies and exports', async () => {
      const knip = ['knip/bin/knip.js', '--no-progress', '--treat-config-hints-as-errors'] as const;
      const declared = await this.#module(...knip);
      // Production code must not import development dependencies.
      return (await this.#module(...knip, '--production', '--strict', '--include=unlisted')) && declared;
    });
    await tally.check('lint', () => this.#inAllProjects('lint'));
    let servers: TestServers | undefined;
    await tally.check('a PostgreSQL and a Kubernetes for the tests', async () => {
      servers = await startTestServers(print, this.signal);
      return true;
    });
    if (servers === undefined) return;
    Object.assign(process.env, servers.environment, { [machineVariable]: await machineAbilities() });
    try {
      await this.#test('test');
      await this.#test('e2e');
    } finally {
      await servers.stop();
    }
  }

  async #test(target: TestTarget): Promise<void> {
    const projects = projectsWith(this.root, target);
    deleteResults(this.root, projects, target);
    print(`\n── ${target}: ${projects.length} projects`);
    await this.#inAllProjects(target);
    for (const project of projects) {
      const { passed, failures, skipped } = readResults(this.root, project, target);
      this.tally.add(passed, failures, skipped);
    }
  }

  /** Runs a target in all projects. Their dependencies are compiled already, so Nx does not compile them again. */
  #inAllProjects = (target: string): Promise<boolean> =>
    this.#module(
      'nx/dist/bin/nx.js',
      'run-many',
      '-t',
      target,
      '--nxBail=false',
      '--excludeTaskDependencies',
      '--output-style=static',
      // Each runs a whole plane, some under load, and needs the machine alone.
      ...(target === 'e2e' ? ['--parallel=1'] : []),
    );

  #module = (path: string, ...args: string[]): Promise<boolean> =>
    runScript([join(this.root, 'node_modules', path), ...args], { cwd: this.root, signal: this.signal });
}

interface RunOptions {
  readonly cwd: string;
  readonly signal: AbortSignal;
}

/**
 * Runs a script on Node with this terminal's outputs, in a process group of its own, which the signal ends as a whole.
 * Returns whether the script succeeded.
 */
function runScript(args: readonly string[], { cwd, signal }: RunOptions): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'], detached: true });
  const end = () => endGroup(child.pid);
  signal.addEventListener('abort', end, { once: true });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      signal.removeEventListener('abort', end);
      resolve(code === 0);
    });
  });
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
