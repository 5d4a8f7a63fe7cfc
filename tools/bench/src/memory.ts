import { eventually, Plane, unlimited, withSql, PlaneClient } from '@runos/tool-e2e';
import { residentMb } from '@runos/testing-process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Finding, numbersOf, servicePids } from './bench.js';
import { reconcilerUrl } from './fixture/seed-instances.js';
import { inParallel } from './load/load.js';

const restMs = 30_000;
const serviceMb = 150;
const agentMb = 200;
const appliedWithinMs = 600_000;

/** Resident memory of every idle service, and of the cluster agent with many instances. */
export async function benchMemory(args: readonly string[]): Promise<readonly Finding[]> {
  const { instances: count } = numbersOf(args, { instances: 1_000 });
  const plane = await Plane.create();
  try {
    const dev = await plane.start('clusterReady', unlimited);
    await sleep(restMs);
    const findings: Finding[] = [];
    for (const [name, pid] of servicePids(dev)) {
      findings.push(finding(`memory of ${name} at rest`, await residentMb(pid), serviceMb));
    }
    const planeClient = await PlaneClient.connect(plane.data);
    await inParallel(Array.from({ length: count }), () => planeClient.request('valkey'));
    await areAllHealthy(reconcilerUrl(dev), count);
    await sleep(restMs);
    const agent = Number(dev.pids['cluster-agent']);
    return [...findings, finding(`memory of cluster-agent with ${count} instances`, await residentMb(agent), agentMb)];
  } finally {
    await plane.remove();
  }
}

/** Queries the database once a second: following a thousand jobs over HTTP would dominate the load. */
const areAllHealthy = (databaseUrl: string, count: number): Promise<true> =>
  withSql(databaseUrl, (sql) =>
    eventually(
      `${count} instances to be healthy`,
      async () => {
        await sleep(1_000);
        const { rows } = await sql.query<{ n: number }>(
          `SELECT count(*)::int AS n FROM instance WHERE state = 'healthy'`,
        );
        return rows[0]?.n === count;
      },
      appliedWithinMs,
    ),
  );

const finding = (what: string, mb: number, most: number): Finding => ({
  what,
  goal: `≤ ${most} MB`,
  figure: `${mb.toFixed(0)} MB`,
  reference: '',
  met: mb <= most,
});
