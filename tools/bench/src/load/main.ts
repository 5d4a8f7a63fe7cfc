import { Pool } from 'undici';
import { quantile } from '../quantiles.js';
import type { HttpLoad, LoadResult } from './load.js';

/** Requests the paths in a cycle over several connections, one request at a time on each, and reports to its parent. */
const { url, paths, connections, seconds, headers } = JSON.parse(String(process.argv[2])) as HttpLoad;
const pool = new Pool(url, { connections, pipelining: 1 });
const times: number[] = [];
let next = 0;
let failed = 0;

async function client(until: number): Promise<void> {
  while (performance.now() < until) {
    const before = performance.now();
    const { statusCode, body } = await pool.request({ method: 'GET', path: paths[next++ % paths.length]!, headers });
    await body.dump();
    times.push(performance.now() - before);
    if (statusCode !== 200) failed += 1;
  }
}

const began = performance.now();
await Promise.all(Array.from({ length: connections }, () => client(began + seconds * 1_000)));
const result: LoadResult = {
  perSecond: (times.length / (performance.now() - began)) * 1_000,
  p50: quantile(times, 0.5),
  p99: quantile(times, 0.99),
  failed,
};
await pool.close();
process.send?.(result);
process.disconnect();
