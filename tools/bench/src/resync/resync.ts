import type { ResyncEntry } from '@runos/agent-protocol';
import { issueAgentCredentials, TestAgent, Plane, withSql } from '@runos/tool-e2e';
import type { Client } from 'pg';
import { type Finding, numbersOf } from '../bench.js';
import { reconcilerUrl, seedInstances } from '../fixture/seed-instances.js';

const perCluster = 100;
const mostMs = 5_000;

interface Exchange {
  /** Until every agent is connected and in sync, ms. */
  readonly helloMs: number;
  /** The resync of every agent, with one differing instance per cluster, ms. */
  readonly fullMs: number;
}

/** All agents of many clusters reconnect at once and compare their inventory with the desired state. */
export async function benchResync(args: readonly string[]): Promise<readonly Finding[]> {
  const { clusters: few, more: many } = numbersOf(args, { clusters: 100, more: 500 });
  const small = await measure(few);
  const large = await measure(many);
  const grown = (pick: (exchange: Exchange) => number): number => pick(large) / pick(small);
  const row = (what: string, pick: (exchange: Exchange) => number): Finding => ({
    what: `${what}: ${few * perCluster} instances of ${few} clusters`,
    goal: `≤ ${mostMs / 1_000} s, linear`,
    figure: `${pick(small).toFixed(0)} ms; ${many} clusters ${pick(large).toFixed(0)} ms, ${grown(pick).toFixed(1)} ×`,
    reference: `${(many / few).toFixed(1)} × as many`,
    met: pick(small) <= mostMs && grown(pick) <= (1.3 * many) / few,
  });
  return [
    row('agents return, all unchanged', ({ helloMs }) => helloMs),
    row('full exchange, one out of step each', ({ fullMs }) => fullMs),
  ];
}

async function measure(clusters: number): Promise<Exchange> {
  const plane = await Plane.create();
  try {
    const dev = await plane.start('ready');
    const url = reconcilerUrl(dev);
    const { cids } = await seedInstances(dev, url, { clusters, perCluster });
    return await withSql(url, async (sql) => {
      const proofs = await issueAgentCredentials(sql, plane.data, dev.aid, cids);
      const stored = await storedBy(sql);
      const agents = cids.map((cid) => ({ cid, entries: stored.get(cid) ?? [], proof: proofs.get(cid) }));
      return await exchange(dev.agentGateway.stream, agents as readonly Cluster[]);
    });
  } finally {
    await plane.remove();
  }
}

interface Cluster {
  readonly cid: string;
  readonly entries: readonly ResyncEntry[];
  readonly proof: ConstructorParameters<typeof TestAgent>[1];
}

async function exchange(address: string, clusters: readonly Cluster[]): Promise<Exchange> {
  let began = performance.now();
  const agents = clusters.map(({ proof, entries }) => ({ agent: new TestAgent(address, proof), entries }));
  try {
    const same = await Promise.all(agents.map(({ agent, entries }) => agent.hello(entries)));
    const helloMs = performance.now() - began;
    const apart = same.filter((each) => !each).length;
    if (apart > 0) throw new Error(`${apart} agents were reported out of sync, although they are in sync`);
    began = performance.now();
    await Promise.all(agents.map(({ agent, entries }) => agent.resync(entries.slice(1))));
    return { helloMs, fullMs: performance.now() - began };
  } finally {
    for (const { agent } of agents) agent.close();
  }
}

/** The inventory of the seeded clusters' agents, by cid. */
async function storedBy(sql: Client): Promise<Map<string, ResyncEntry[]>> {
  const { rows } = await sql.query<ResyncEntry & { cid: string }>(
    `SELECT c.cid, i.osid, r.revision, r.digest FROM instance i JOIN cluster c ON c.id = i.cluster_id
     JOIN revision r ON r.instance_id = i.id AND r.revision = i.revision`,
  );
  const stored = new Map<string, ResyncEntry[]>();
  for (const { cid, ...entry } of rows) stored.set(cid, [...(stored.get(cid) ?? []), entry]);
  return stored;
}
