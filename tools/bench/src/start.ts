import { readPlaneInfo, Plane } from '@runos/tool-e2e';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import getPort from 'get-port';
import { type Finding, numbersOf } from './bench.js';
import { quantile } from './quantiles.js';

const bootstrap = join(import.meta.dirname, '../../start/bootstrap.mjs');
const mostMs = 6_000;
const giveUpMs = 120_000;
const lookMs = 20;

/** `npm start` on existing data, until the public API is ready. */
export async function benchStart(args: readonly string[]): Promise<readonly Finding[]> {
  const { count } = numbersOf(args, { count: 5 });
  const plane = await Plane.create();
  try {
    await plane.start('ready');
    await plane.stop();
    const figures: number[] = [];
    for (let round = 0; round < count; round += 1) figures.push(await startOnce(plane.data));
    const [p50, worst] = [quantile(figures, 0.5), Math.max(...figures)];
    return [
      {
        what: 'npm start again, until the plane answers',
        goal: `≤ ${mostMs / 1_000} s`,
        figure: `p50 ${(p50 / 1_000).toFixed(2)} s, worst of ${figures.length} ${(worst / 1_000).toFixed(2)} s`,
        reference: '',
        met: worst <= mostMs,
      },
    ];
  } finally {
    await plane.remove();
  }
}

async function startOnce(data: string): Promise<number> {
  const port = await getPort({ host: '127.0.0.1' });
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [bootstrap, 'start', '--data', data, '--port', String(port), '--agent-ports', '0,0', '--nodes', 'simulated'],
    { stdio: 'ignore' },
  );
  const ended = once(child, 'exit');
  try {
    const ready = await untilReady(child, data, `http://127.0.0.1:${port}/readyz`, began);
    return ready;
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

/** When the API was ready; prints when each process was. */
async function untilReady(child: ChildProcess, data: string, url: string, began: number): Promise<number> {
  const seen: string[] = [];
  const left = new Set<string>();
  for (;;) {
    const now = performance.now() - began;
    const pids = (await readPlaneInfo(data).catch(() => undefined))?.pids ?? {};
    for (const [name, pid] of Object.entries(pids)) {
      // The file of the earlier start exists until this start rewrites it.
      if (pid === undefined || left.has(name) || !isAlive(pid)) continue;
      left.add(name);
      seen.push(`${name} ${(now / 1_000).toFixed(2)}`);
    }
    const answer = await fetch(url).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) {
      process.stdout.write(`  ${((performance.now() - began) / 1_000).toFixed(2)} s: ${seen.join(', ')}\n`);
      return performance.now() - began;
    }
    if (child.exitCode !== null || now > giveUpMs) throw new Error('npm start did not become ready');
    await sleep(lookMs);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
