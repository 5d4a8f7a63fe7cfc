import { Plane, withSql } from '@runos/tool-e2e';
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Finding } from './finding.js';
import { seedInstances } from './fixture/seed-instances.js';
import { reconcilerUrl } from './fixture/reconciler-url.js';
import { numbersOf } from './numbers-of.js';
import { servicePids } from './process/services.js';
import { cpuMs } from './process/usage.js';

const clusters = 100;
const perCluster = 100;
/** After the start and the seeding. V8 collects each heap once when it has calmed down, 55 to 85 s after a start. */
const settleMs = 100_000;
const bareProgram = `require('node:http').createServer().listen(0, '127.0.0.1')`;

/** What many settled instances cost while nothing happens, beside eight Node processes that do nothing. */
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
    const ours = sum(shares.slice(0, services.length));
    const theirs = sum(shares.slice(services.length));
    const read = rowsAfter.rows - rowsBefore.rows;
    const transactions = (rowsAfter.transactions - rowsBefore.transactions) / seconds;
    return [
      {
        what: `${clusters * perCluster} unchanged instances, idle ${seconds} s`,
        goal: '≤ 2 % of a core for all services',
        figure: `${ours.toFixed(2)} %`,
        yardstick: `eight bare Node processes: ${theirs.toFixed(2)} %`,
        met: ours <= 2,
      },
      {
        what: '  what is read of them meanwhile',
        goal: 'no query per instance',
        figure: `${read} rows of instances, ${transactions.toFixed(1)} transactions/s in all`,
        yardstick: '',
        met: read < clusters * perCluster,
      },
    ];
  } finally {
    for (const one of bare) one.kill();
    await plane.remove();
  }
}

/** Rows of instances and their work that any query has touched, and the database's transactions. */
async function activity(sql: Client): Promise<{ rows: number; transactions: number }> {
  const { rows } = await sql.query<{ rows: number; transactions: number }>(
    `SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS rows,
       (SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database())::int AS transactions
     FROM pg_stat_user_tables WHERE relname IN ('instance', 'revision', 'work')`,
  );
  return rows[0]!;
}
