import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { replicaName, services } from '@runos/tool-start';

/** The compiled module that the services load before their own code. */
const clockAhead = resolve(import.meta.dirname, '../../dist/replicas/clock-ahead.js');

/** The skew between the clocks of second and first replicas, ms. */
export const clockSkewMs = 60_000;

/** The value of NODE_OPTIONS that sets a program's clock ahead. */
export const nodeOptionsAhead = (ms: number): string => nodeOptionsOf('ms', String(ms));

/** The value of NODE_OPTIONS that sets a program's clock ahead by the ms in this file, which may change. */
export const nodeOptionsStepped = (file: string): string => nodeOptionsOf('file', file);

function nodeOptionsOf(parameter: string, value: string): string {
  const url = pathToFileURL(clockAhead);
  url.searchParams.set(parameter, value);
  return `--import=${url.href}`;
}

/** The minimum skew that a log shows, ms: lines are written shortly after their timestamps. */
const minVisibleSkewMs = clockSkewMs - 10_000;

/** @throws Error when the log of a second replica has no timestamp in the future */
export async function assertClockSkew(data: string): Promise<void> {
  const logs = services.map((plan) => join(data, 'logs', `${replicaName(plan, 1)}.log`));
  for (const log of logs) {
    const last = (await readFile(log, 'utf8')).trimEnd().split('\n').at(-1) ?? '';
    const { time } = JSON.parse(last) as { time: string };
    const aheadMs = Date.parse(time) - (await stat(log)).mtimeMs;
    if (aheadMs < minVisibleSkewMs) throw new Error(`the clock of ${log} is ahead by ${aheadMs} ms only`);
  }
}
