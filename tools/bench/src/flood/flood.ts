import { BundleStatus, readReply, reportEnvelope } from '@runos/agent-protocol';
import {
  ApiClient,
  issueAgentCredentials,
  Plane,
  type PlaneInfo,
  TestAgent,
  unlimited,
  withSql,
} from '@runos/tool-e2e';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { type Finding, numbersOf } from '../bench.js';
import { reconcilerUrl, seedInstances } from '../fixture/seed-instances.js';
import { quantile, table } from '../quantiles.js';
import { flood } from './flooding-agent.js';

const perCluster = 50;
const pauseMs = 20;
/** An exchange that takes longer has failed, ms. */
const timeoutMs = 10_000;
const mostTimes = 4;

/** The durations of a neighbour's exchanges, ms, and the number of those that failed. */
interface Latencies {
  readonly statuses: number[];
  readonly reads: number[];
  failed: number;
}

interface Neighbour {
  readonly agent: TestAgent;
  readonly osids: readonly string[];
  readonly api: ApiClient;
  readonly path: string;
}

/** The latency of the agent and of the user of one cluster, while the agent of another floods the plane and before. */
export async function benchFlood(args: readonly string[]): Promise<readonly Finding[]> {
  const { seconds } = numbersOf(args, { seconds: 15 });
  const plane = await Plane.create();
  try {
    const dev = await plane.start('ready', unlimited, '--no-cluster');
    const { cids } = await seedInstances(dev, reconcilerUrl(dev), { clusters: 2, perCluster });
    return await run(dev, plane.data, cids, seconds * 1_000);
  } finally {
    await plane.remove();
  }
}

async function run(dev: PlaneInfo, data: string, cids: readonly string[], ms: number): Promise<readonly Finding[]> {
  const [flooding, near] = await withSql(reconcilerUrl(dev), async (sql) => {
    const proofs = await issueAgentCredentials(sql, data, dev.aid, cids);
    return Promise.all(
      cids.map(async (cid) => {
        const proof = proofs.get(cid);
        if (proof === undefined) throw new Error(`no credentials were issued for ${cid}`);
        return { cid, agent: new TestAgent(dev.agentGateway.stream, proof), osids: await osidsOf(sql, cid) };
      }),
    );
  });
  if (flooding === undefined || near === undefined) throw new Error('two clusters are needed');
  const path = `/${dev.aid}/${near.cid}/services?limit=20`;
  const neighbour = { ...near, path, api: new ApiClient(dev.apiUrl, dev.token) };
  try {
    await Promise.all([flooding, near].map(({ agent }) => agent.hello([])));
    await measure(neighbour, ms / 3); // warms up
    const before = await measure(neighbour, ms);
    const [answers, during] = await Promise.all([flood(flooding.agent, flooding.osids, ms), measure(neighbour, ms)]);
    process.stdout.write(`${answers.errors} of ${answers.count} messages of the flood got an error\n`);
    return findingsOf(before, during, answers.count / (ms / 1_000));
  } finally {
    flooding.agent.close();
    near.agent.close();
  }
}

async function osidsOf(sql: Client, cid: string): Promise<string[]> {
  const { rows } = await sql.query<{ osid: string }>(
    'SELECT i.osid FROM instance i JOIN cluster c ON c.id = i.cluster_id WHERE c.cid = $1 ORDER BY i.id',
    [cid],
  );
  return rows.map(({ osid }) => osid);
}

/** Reports a status and reads a list, one after the other, for so long. */
async function measure({ agent, osids, api, path }: Neighbour, ms: number): Promise<Latencies> {
  const latencies: Latencies = { statuses: [], reads: [], failed: 0 };
  const timed = async (durations: number[], exchange: Promise<boolean>): Promise<void> => {
    const began = performance.now();
    const late = sleep(timeoutMs, false, { ref: false });
    if (!(await Promise.race([exchange.catch(() => false), late]))) latencies.failed += 1;
    durations.push(performance.now() - began);
  };
  const until = performance.now() + ms;
  for (let n = 0; performance.now() < until; n += 1) {
    await timed(latencies.statuses, reportStatus(agent, osids[n % osids.length] ?? '', n));
    await timed(
      latencies.reads,
      api.get(path).then(({ status }) => status === 200),
    );
    await sleep(pauseMs);
  }
  return latencies;
}

async function reportStatus(agent: TestAgent, osid: string, n: number): Promise<boolean> {
  const conditions = [{ type: 'Ready', status: 'False', reason: 'Waiting', message: `attempt ${n}` }];
  const body = { osid, generation: 1, digest: 'a'.repeat(64), phase: 'degraded', conditions, objects: [] };
  return readReply(BundleStatus, await agent.exchange(reportEnvelope(BundleStatus, body as never, randomUUID()))).ok;
}

function findingsOf(before: Latencies, during: Latencies, perSecond: number): readonly Finding[] {
  const rows = (['statuses', 'reads'] as const).flatMap((kind) => [
    { what: `${kind}, with the flood`, figures: during[kind], baseline: before[kind] },
    { what: `${kind}, without`, figures: before[kind] },
  ]);
  process.stdout.write(`\n${table(rows)}`);
  return (['statuses', 'reads'] as const).map((kind) => {
    const [own, reference] = [during[kind], before[kind]].map((figures) => quantile(figures, 0.95)) as [number, number];
    return {
      what: `${kind} of a neighbour, in a flood of ${perSecond.toFixed(0)} messages/s`,
      goal: `p95 ≤ ${mostTimes} ×, none fails`,
      figure: `p95 ${own.toFixed(1)} ms: ${(own / reference).toFixed(2)} ×, ${during.failed} failed`,
      reference: `without the flood: p95 ${reference.toFixed(1)} ms`,
      met: own <= mostTimes * reference && during.failed === 0,
    };
  });
}
