import { Plane, unlimited } from '@runos/tool-e2e';
import { optionsOf, print } from '../options.js';
import { floodAgents } from './agent-flood.js';
import {
  runConnectionFloods,
  type Findings,
  fuzzAgents,
  fuzzContracts,
  fuzzHttp,
  findGrowth,
  readsFor,
} from './attack.js';
import { connectAttacker } from '../agent/join-as-node.js';
import { issueSecrets } from './issue-secrets.js';
import { inspectable, liveMemory } from './live-memory.js';
import type { ClientStatistics } from './client-statistics.js';
import { useStolenAgentToken } from './stolen-agent-token.js';
import { memoryOf, rowCounts, type Target } from './target.js';

/** The tolerated growth over all attacks, MB: for warm caches and compiled code. */
const totalGrowthMb = 12;

/** How long an ordinary client reads before the attacks, and during each connection flood, ms. */
const readMs = 10_000;

const describeStatistics = ({ requests, failed, p99Ms }: ClientStatistics): string =>
  `${requests} requests, ${failed} failed, p99 ${p99Ms} ms`;

/** `npm run resilience -- hostile [--bodies 10000] [--seed N] [--connections 10000]`: starts and attacks a plane. */
export async function hostile(args: readonly string[]): Promise<void> {
  const extent = optionsOf('hostile', args, { bodies: 10_000, connections: 10_000 });
  const plane = await Plane.create();
  try {
    const dev = await plane.start('clusterReady', { ...unlimited, ...inspectable });
    const target = { ...dev, data: plane.data };
    await issueSecrets(target);
    const before = await memory(target);
    const wrong = await runAttacks(target, extent);
    const after = await memory(target);
    wrong.push(...findGrowth([before.live, after.live], totalGrowthMb));
    print('memory, MB, before → after: needed; resident');
    const figure = (mb: number | undefined): string => Number(mb).toFixed(0).padStart(4);
    for (const name of Object.keys(after.live)) {
      const [needed, resident] = (['live', 'resident'] as const).map(
        (kind) => `${figure(before[kind][name])} → ${figure(after[kind][name])}`,
      );
      print(`  ${name.padEnd(16)} ${needed}; ${resident}`);
    }
    const { places } = await plane.finish();
    print(`no secret in ${places.length} files and columns`);
    for (const failure of wrong) print(`failed: ${failure}`);
    print(wrong.length === 0 ? 'every attack was refused, and other clients were served' : `${wrong.length} failures`);
    process.exitCode = wrong.length === 0 ? 0 : 1;
  } finally {
    await plane.remove();
  }
}

/** By process, MB. Resident memory is measured first, because measuring live memory collects garbage. */
async function memory(target: Target) {
  const resident = await memoryOf(target);
  return { resident, live: await liveMemory(target) };
}

interface AttackSize {
  readonly bodies: number;
  readonly seed: number;
  readonly connections: number;
}

/** Runs one attack after the other, prints the result of each, and returns all failures. */
async function runAttacks(target: Target, { bodies, seed, connections }: AttackSize): Promise<string[]> {
  const wrong: string[] = [];
  const note = <T extends object>(
    name: string,
    { findings, written, live, grown, served }: Findings<T>,
    own: string[],
  ) => {
    const { wrong: _, unexpected: __, ...figures } = findings as Record<string, unknown>;
    print(
      `${name}: ${JSON.stringify(figures)}; written: ${written.join(', ') || 'nothing'}; meanwhile ${describeStatistics(served)}`,
    );
    const needed = Object.keys(live.at(-1) ?? {}).map(
      (each) => `${each} ${live.map((mb) => Number(mb[each]).toFixed(1)).join(' → ')}`,
    );
    print(`  needed after two batches → three, MB: ${needed.join('; ')}`);
    wrong.push(...own, ...written, ...grown, ...unserved(name, served));
  };
  const baseline = await readsFor(target, readMs);
  print(`before all: ${describeStatistics(baseline)}`);
  wrong.push(...unserved('nothing', baseline));
  const http = await fuzzHttp(target, bodies, seed);
  note('HTTP operations', http, [...http.findings.wrong]);
  const contracts = await fuzzContracts(target, Math.ceil(bodies / 100), seed);
  note('NATS contracts', contracts, [...contracts.findings.wrong]);
  const stolen = await useStolenAgentToken(target);
  print(
    `stolen token of the cluster agent: ${stolen.tried} attempts, ${stolen.foreignSecrets.length} readable foreign Secrets`,
  );
  wrong.push(...stolen.wrong, ...stolen.foreignSecrets.map((path) => `the agent's token reads ${path}`));
  const attackers = await Promise.all(
    ['hostile-1', 'hostile-2', 'hostile-3'].map((name) => connectAttacker(target, name)),
  );
  try {
    const agents = await fuzzAgents(target, attackers, Math.ceil(bodies / 5), seed);
    note('agents', agents, [...agents.findings.unexpected]);
    const instances = (await rowCounts(target))['reconciler.instance'];
    const flooded = await floodAgents(target, attackers, 10_000);
    print(
      `flood of ${flooded.sent} messages by ${attackers.length} agents: another agent ${describeStatistics(flooded.otherAgent)}`,
    );
    print(`  (before: ${describeStatistics(flooded.otherAgentBefore)}); reads ${describeStatistics(flooded.served)}`);
    wrong.push(...unserved('the flood, as an agent,', flooded.otherAgent), ...unserved('the flood', flooded.served));
    if ((await rowCounts(target))['reconciler.instance'] !== instances) wrong.push('the flood changed the instances');
  } finally {
    attackers.forEach((client) => client.close());
  }
  for (const { attack, connections: open, served } of await runConnectionFloods(target, connections, readMs)) {
    print(`${open} × ${attack}: ${describeStatistics(served)}`);
    wrong.push(...unserved(attack, served));
  }
  return wrong;
}

const unserved = (during: string, { requests, failed }: ClientStatistics): string[] =>
  requests === 0 || failed > 0 ? [`${failed} of ${requests} were not served during ${during}`] : [];
