import { Plane, unlimited } from '@runos/tool-e2e';
import { parseArgs } from 'node:util';
import { floodAgents } from './agent-flood.js';
import { crowd, type Findings, fuzzAgents, fuzzContracts, fuzzHttp } from './attack.js';
import { intruder } from './intruder.js';
import { issueSecrets } from './issue-secrets.js';
import type { Served } from './served.js';
import { memoryOf, rowCounts, type Target } from './target.js';

/** What a process may keep of some thousand refused inputs: its heap breathes, but it does not grow with them. */
export const mayGrowMib = 64;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const told = ({ asked, failed, p99Ms }: Served): string => `${asked} asked, ${failed} failed, p99 ${p99Ms} ms`;

/** `npm run fire -- hostile [--bodies 10000] [--seed N] [--connections 10000]`, on a plane of its own. */
export async function hostile(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      bodies: { type: 'string', default: '10000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      connections: { type: 'string', default: '10000' },
    },
  });
  const [bodies, seed, connections] = [Number(values.bodies), Number(values.seed), Number(values.connections)];
  say(`hostile --bodies ${bodies} --connections ${connections} --seed ${seed}`);
  const plane = await Plane.create();
  try {
    const dev = await plane.start('clusterReady', unlimited);
    const target = { ...dev, data: plane.data };
    await issueSecrets(target);
    const before = memoryOf(target);
    const wrong = await everyAttack(target, { bodies, seed, connections });
    const after = memoryOf(target);
    say('memory, MiB, before → after');
    for (const [name, mib] of Object.entries(after)) say(`  ${name.padEnd(16)} ${before[name] ?? 0} → ${mib}`);
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

interface Extent {
  readonly bodies: number;
  readonly seed: number;
  readonly connections: number;
}

/** One after the other, each told when it is over; answers what was not as it must be. */
async function everyAttack(target: Target, { bodies, seed, connections }: Extent): Promise<string[]> {
  const wrong: string[] = [];
  const note = <T extends object>(name: string, { findings, written, grown, served }: Findings<T>, own: string[]) => {
    const { wrong: _, unexpected: __, ...figures } = findings as Record<string, unknown>;
    say(`${name}: ${JSON.stringify(figures)}; written: ${written.join(', ') || 'nothing'}; meanwhile ${told(served)}`);
    const swollen = Object.entries(grown).filter(([, mib]) => mib > mayGrowMib);
    wrong.push(
      ...own,
      ...written,
      ...swollen.map(([who, mib]) => `${who} grew by ${mib} MiB`),
      ...unserved(name, served),
    );
  };
  const http = await fuzzHttp(target, bodies, seed);
  note('HTTP operations', http, [...http.findings.wrong]);
  const contracts = await fuzzContracts(target, Math.ceil(bodies / 200), seed);
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
  for (const { attack, connections: open, served } of await crowd(target, connections, 10_000)) {
    say(`${open} × ${attack}: ${told(served)}`);
    wrong.push(...unserved(attack, served));
  }
  return wrong;
}

const unserved = (during: string, { asked, failed }: Served): string[] =>
  asked === 0 || failed > 0 ? [`${failed} of ${asked} were not served during ${during}`] : [];
