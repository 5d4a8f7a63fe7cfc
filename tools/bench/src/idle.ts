import { cpuMs } from '@runos/testing-process';
import { Plane, withSql } from '@runos/tool-e2e';
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { type Finding, numbersOf, servicePids } from './bench.js';
import { reconcilerUrl, seedInstances } from './fixture/seed-instances.js';

const clusters = 100;
const perCluster = 100;
/** After start and seeding. V8 collects each idle heap once, 55 to 85 s after the start. */
const settleMs = 100_000;
const bareProgram = `require('node:http').createServer().listen(0, '127.0.0.1')`;

/** The cost of many idle instances, compared with eight idle Node processes. */
export async function benchIdle(args: readonly string[]): Promise<readonly Finding[]> {
  const { seconds } = numbersOf(args, { seconds: 60 });
  const plane = await Plane.create();
  const bare = Array.from({ length: 8 }, () => spawn(process.execPath, ['-e', bareProgram], { stdio: 'ignore' }));
  try {
    const dev = await plane.start('ready', {}, '--no-cluster');
    const database = reconcilerUrl(dev);
    await seedInstances(dev, database, { clusters, perCluster });
    await sleep(settleMs);
    const services = servicePids(dev);
    const pids = [...services.map(([, pid]) => pid), ...bare.map(({ pid }) => Number(pid))];
    const [before, rowsBefore] = [await Promise.all(pids.map(cpuMs)), await withSql(database, activity)];
    await sleep(seconds * 1_000);
    const [after, rowsAfter] = [await Promise.all(pids.map(cpuMs)), await withSql(database, activity)];
    const shares = pids.map((_, index) => (after[index]! - before[index]!) / (seconds * 10));
    for (const [index, [name]] of services.entries())
      process.stdout.write(`  ${name}: ${shares[index]!.toFixed(2)} %\n`);
    const sum = (figures: readonly number[]) => figures.reduce((a, b) => a + b, 0);
    const own = sum(shares.slice(0, services.length));
    const bareShare = sum(shares.slice(services.length));
    const read = rowsAfter.rows - rowsBefore.rows;
    const transactions = (rowsAfter.transactions - rowsBefore.transactions) / seconds;
    return [
      {
        what: `${clusters * perCluster} unchanged instances, idle ${seconds} s`,
        goal: '≤ 2 % of a core for all services',
        figure: `${own.toFixed(2)} %`,
        reference: `eight bare Node processes: ${bareShare.toFixed(2)} %`,
        met: own <= 2,
      },
      {
        what: '  what is read of them meanwhile',
        goal: 'no query per instance',
        figure: `${read} rows of instances, ${transactions.toFixed(1)} transactions/s in all`,
        reference: '',
        met: read < clusters * perCluster,
      },
    ];
  } finally {
    for (const one of bare) one.kill();
    await plane.remove();
  }
}

/** Rows of instances and their work that queries have read, and the database's transactions. */
async function activity(sql: Client): Promise<{ rows: number; transactions: number }> {
  const { rows } = await sql.query<{ rows: number; transactions: number }>(
    `SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS rows,
       (SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database())::int AS transactions
     FROM pg_stat_user_tables WHERE relname IN ('instance', 'revision', 'work')`,
  );
  return rows[0]!;
}
