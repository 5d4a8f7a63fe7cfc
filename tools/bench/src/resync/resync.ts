import type { ResyncEntry } from '@runos/agent-protocol';
import { issueAgentCredentials, TestAgent, Plane, withSql } from '@runos/tool-e2e';
import type { Client } from 'pg';
import type { Finding } from '../finding.js';
import { seedInstances } from '../fixture/seed-instances.js';
import { reconcilerUrl } from '../fixture/reconciler-url.js';
import { numbersOf } from '../numbers-of.js';

const perCluster = 100;
const mostMs = 5_000;

interface Exchange {
  /** Every agent connected and told by the plane that both think the same, ms. */
  readonly helloMs: number;
  /** Every agent's whole exchange, with one instance of each cluster out of step, ms. */
  readonly fullMs: number;
}

/** All agents of many clusters come back at once and compare what they store with what is wanted. */
export async function benchResync(args: readonly string[]): Promise<readonly Finding[]> {
  const { clusters: few, more: many } = numbersOf(args, { clusters: 100, more: 500 });
  const small = await measure(few);
  const large = await measure(many);
  const grown = (pick: (exchange: Exchange) => number): number => pick(large) / pick(small);
  const row = (what: string, pick: (exchange: Exchange) => number): Finding => ({
    what: `${what}: ${few * perCluster} instances of ${few} clusters`,
    goal: `≤ ${mostMs / 1_000} s, linear`,
    figure: `${pick(small).toFixed(0)} ms; ${many} clusters ${pick(large).toFixed(0)} ms, ${grown(pick).toFixed(1)} ×`,
    yardstick: `${(many / few).toFixed(1)} × as many`,
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
    if (apart > 0) throw new Error(`${apart} agents were told that they are out of step, though they are not`);
    began = performance.now();
    await Promise.all(agents.map(({ agent, entries }) => agent.resync(entries.slice(1))));
    return { helloMs, fullMs: performance.now() - began };
  } finally {
    for (const { agent } of agents) agent.close();
  }
}

/** What the agents of the seeded clusters would have stored, by cid. */
async function storedBy(sql: Client): Promise<Map<string, ResyncEntry[]>> {
  const { rows } = await sql.query<ResyncEntry & { cid: string }>(
    `SELECT c.cid, i.osid, r.revision, r.digest FROM instance i JOIN cluster c ON c.id = i.cluster_id
     JOIN revision r ON r.instance_id = i.id AND r.revision = i.revision`,
  );
  const stored = new Map<string, ResyncEntry[]>();
  for (const { cid, ...entry } of rows) stored.set(cid, [...(stored.get(cid) ?? []), entry]);
  return stored;
}
