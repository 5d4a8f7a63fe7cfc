import { Plane, unlimited } from '@runos/tool-e2e';
import { optionsOf, say } from '../program.js';
import { floodAgents } from './agent-flood.js';
import { crowd, type Findings, fuzzAgents, fuzzContracts, fuzzHttp, grownIn, readsFor } from './attack.js';
import { intruder } from './intruder.js';
import { issueSecrets } from './issue-secrets.js';
import { inspectable, liveMemory } from './live-memory.js';
import type { Served } from './served.js';
import { memoryOf, rowCounts, type Target } from './target.js';

/** What a process may need more after everything than before it, MB: its caches are warm, and its code compiled. */
const mayGrowInAllMb = 12;

/** How long an ordinary client reads before anything happens, and during each crowd, ms. */
const readMs = 10_000;

const told = ({ asked, failed, p99Ms }: Served): string => `${asked} asked, ${failed} failed, p99 ${p99Ms} ms`;

/** `npm run fire -- hostile [--bodies 10000] [--seed N] [--connections 10000]`, on a plane of its own. */
export async function hostile(args: readonly string[]): Promise<void> {
  const extent = optionsOf('hostile', args, { bodies: 10_000, connections: 10_000 });
  const plane = await Plane.create();
  try {
    const dev = await plane.start('clusterReady', { ...unlimited, ...inspectable });
    const target = { ...dev, data: plane.data };
    await issueSecrets(target);
    const before = await memory(target);
    const wrong = await everyAttack(target, extent);
    const after = await memory(target);
    wrong.push(...grownIn([before.live, after.live], mayGrowInAllMb));
    say('memory, MB, before → after: needed; resident');
    const figure = (mb: number | undefined): string => Number(mb).toFixed(0).padStart(4);
    for (const name of Object.keys(after.live)) {
      const [needed, resident] = (['live', 'resident'] as const).map(
        (kind) => `${figure(before[kind][name])} → ${figure(after[kind][name])}`,
      );
      say(`  ${name.padEnd(16)} ${needed}; ${resident}`);
    }
    const { places } = await plane.finish();
    say(`no secret in ${places.length} files and columns`);
    for (const fault of wrong) say(`wrong ${fault}`);
    say(
      wrong.length === 0 ? 'everything was refused, and everybody else was served' : `${wrong.length} things are wrong`,
    );
    process.exitCode = wrong.length === 0 ? 0 : 1;
  } finally {
    await plane.remove();
  }
}

/** By process, MB. Resident memory is looked at first: to ask what is needed lets go of the rest. */
async function memory(target: Target) {
  const resident = await memoryOf(target);
  return { resident, live: await liveMemory(target) };
}

interface Extent {
  readonly bodies: number;
  readonly seed: number;
  readonly connections: number;
}

/** One after the other, each told when it is over; answers what was not as it must be. */
async function everyAttack(target: Target, { bodies, seed, connections }: Extent): Promise<string[]> {
  const wrong: string[] = [];
  const note = <T extends object>(
    name: string,
    { findings, written, live, grown, served }: Findings<T>,
    own: string[],
  ) => {
    const { wrong: _, unexpected: __, ...figures } = findings as Record<string, unknown>;
    say(`${name}: ${JSON.stringify(figures)}; written: ${written.join(', ') || 'nothing'}; meanwhile ${told(served)}`);
    const needed = Object.keys(live.at(-1) ?? {}).map(
      (each) => `${each} ${live.map((mb) => Number(mb[each]).toFixed(1)).join(' → ')}`,
    );
    say(`  needed after two portions → three, MB: ${needed.join('; ')}`);
    wrong.push(...own, ...written, ...grown, ...unserved(name, served));
  };
  const calm = await readsFor(target, readMs);
  say(`before all: ${told(calm)}`);
  wrong.push(...unserved('nothing', calm));
  const http = await fuzzHttp(target, bodies, seed);
  note('HTTP operations', http, [...http.findings.wrong]);
  const contracts = await fuzzContracts(target, Math.ceil(bodies / 100), seed);
  note('NATS contracts', contracts, [...contracts.findings.wrong]);
  const intruders = await Promise.all(['mad-1', 'mad-2', 'mad-3'].map((name) => intruder(target, name)));
  try {
    const agents = await fuzzAgents(target, intruders, Math.ceil(bodies / 5), seed);
    note('agents', agents, [...agents.findings.unexpected]);
    const instances = (await rowCounts(target))['reconciler.instance'];
    const flooded = await floodAgents(target, intruders, 10_000);
    say(`flood of ${flooded.said} messages by ${intruders.length} agents: another agent ${told(flooded.calm)}`);
    say(`  (before: ${told(flooded.calmBefore)}); reads ${told(flooded.served)}`);
    wrong.push(...unserved('the flood, as an agent,', flooded.calm), ...unserved('the flood', flooded.served));
    if ((await rowCounts(target))['reconciler.instance'] !== instances) wrong.push('the flood changed the instances');
  } finally {
    intruders.forEach((client) => client.close());
  }
  for (const { attack, connections: open, served } of await crowd(target, connections, readMs)) {
    say(`${open} × ${attack}: ${told(served)}`);
    wrong.push(...unserved(attack, served));
  }
  return wrong;
}

const unserved = (during: string, { asked, failed }: Served): string[] =>
  asked === 0 || failed > 0 ? [`${failed} of ${asked} were not served during ${during}`] : [];
