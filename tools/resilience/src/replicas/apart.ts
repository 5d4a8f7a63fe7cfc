import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { replicaName, services } from '@runos/tool-start';

/** Compiled: it is loaded by the services themselves, before anything of theirs. */
const clockAhead = resolve(import.meta.dirname, '../../dist/replicas/clock-ahead.js');

/** So far the clock of every second replica is ahead of that of the first, ms. */
export const apartMs = 60_000;

/** What makes a program's clock go ahead, as a value of NODE_OPTIONS. */
export function aheadBy(ms: number): string {
  const url = pathToFileURL(clockAhead);
  url.searchParams.set('ms', String(ms));
  return `--import=${url.href}`;
}

/** Options of `npm start` for a plane whose second replicas believe that it is a minute later. */
export const clocksApart: readonly string[] = services.flatMap((plan) => [
  '--env',
  `${replicaName(plan, 1)}:NODE_OPTIONS=${aheadBy(apartMs)}`,
]);

/** Fewer than all of it: lines are written a little after the moment that they tell, ms. */
const surelyMs = apartMs - 10_000;

/** @throws Error when the log of a second replica does not tell a time that has yet to come */
export async function clocksAreApart(data: string): Promise<void> {
  const logs = services.map((plan) => join(data, 'logs', `${replicaName(plan, 1)}.log`));
  for (const log of logs) {
    const last = (await readFile(log, 'utf8')).trimEnd().split('\n').at(-1) ?? '';
    const { time } = JSON.parse(last) as { time: string };
    const aheadMs = Date.parse(time) - (await stat(log)).mtimeMs;
    if (aheadMs < surelyMs) throw new Error(`the clock of ${log} is ahead by ${aheadMs} ms only`);
  }
}
