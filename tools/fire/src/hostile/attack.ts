import { setTimeout as sleep } from 'node:timers/promises';
import { type AgentFindings, attackAgents } from './agent-attack.js';
import { attackContracts, type ContractFindings } from './contract-attack.js';
import { type Crowd, headerFlood, hugeBodies, idle, readsFor, type Served, slowBodies, slowHeaders } from './crowds.js';
import { attackHttp, type HttpFindings } from './http-attack.js';
import { memoryOf, rowCounts, type Target } from './target.js';

export interface Findings<T> {
  readonly findings: T;
  /** Tables whose rows became more or fewer, though everything was refused. */
  readonly written: readonly string[];
  /** How much each process grew from the first half of the attack to the second, MiB. */
  readonly grown: Readonly<Record<string, number>>;
}

/** Sessions come and go with agents and people; these say nothing of what was refused. */
const restless = /\.(session|replica|failed_log_in)$/;

/** Every attack that sends inputs which must be refused, once to warm up and once more to see what it leaves. */
async function measured<T>(target: Target, attack: (half: number) => Promise<T>): Promise<Findings<T>> {
  const before = await rowCounts(target);
  await attack(0);
  await sleep(2_000);
  const warm = memoryOf(target);
  const findings = await attack(1);
  await sleep(2_000);
  const hot = memoryOf(target);
  const after = await rowCounts(target);
  const written = Object.keys(after).filter((table) => !restless.test(table) && after[table] !== before[table]);
  const grown = Object.fromEntries(Object.entries(hot).map(([name, mib]) => [name, mib - (warm[name] ?? 0)]));
  return { findings, written: written.map((table) => `${table} ${before[table]} → ${after[table]}`), grown };
}

export const fuzzHttp = (target: Target, bodies: number, seed: number): Promise<Findings<HttpFindings>> =>
  measured(target, (half) => attackHttp(target, Math.ceil(bodies / 2), seed + half * 1_000));

export const fuzzContracts = (target: Target, each: number, seed: number): Promise<Findings<ContractFindings>> =>
  measured(target, (half) => attackContracts(target, each, seed + half * 1_000));

export const fuzzAgents = (target: Target, count: number, seed: number): Promise<AgentFindings> =>
  attackAgents(target, count, seed);

export interface Crowded extends Served {
  readonly attack: string;
  readonly connections: number;
}

/** Each crowd in turn, while an ordinary client reads. */
export async function crowd(target: Target, size: number, ms: number): Promise<Crowded[]> {
  const small = Math.ceil(size / 20);
  const attacks: (() => Promise<Crowd>)[] = [
    () => idle(target, size),
    () => slowHeaders(target, small),
    () => slowBodies(target, small),
    () => headerFlood(target, small),
    () => hugeBodies(target, 4),
  ];
  const outcomes: Crowded[] = [{ attack: 'nobody', connections: 0, ...(await readsFor(target, ms)) }];
  for (const attack of attacks) {
    const { name, connections, stop } = await attack();
    try {
      outcomes.push({ attack: name, connections, ...(await readsFor(target, ms)) });
    } finally {
      stop();
    }
  }
  return outcomes;
}
