import { setTimeout as sleep } from 'node:timers/promises';
import { type AgentFindings, attackAgents } from './agent-attack.js';
import { attackContracts, type ContractFindings } from './contract-attack.js';
import { type Crowd, headerFlood, hugeBodies, idle, slowBodies, slowHeaders } from './crowds.js';
import { attackHttp, type HttpFindings } from './http-attack.js';
import { read, type Served, servedWhile } from './served.js';
import { memoryOf, rowCounts, type Target } from './target.js';

export interface Findings<T> {
  /** Figures are of the second half, lists of what was wrong of both. */
  readonly findings: T;
  /** Tables whose rows became more or fewer, though everything was refused. */
  readonly written: readonly string[];
  /** How much each process grew from the first half of the attack to the second, MiB. */
  readonly grown: Readonly<Record<string, number>>;
  /** An ordinary client's reads meanwhile. */
  readonly served: Served;
}

/** Sessions come and go with agents and people, and refusals are audited; these say nothing of what was refused. */
const restless = /\.(session|replica|agent|failed_log_in|audit_entry)$/;

/** Every attack that sends inputs which must be refused, once to warm up and once more to see what it leaves. */
async function measured<T extends object>(target: Target, attack: (half: number) => Promise<T>): Promise<Findings<T>> {
  const before = await rowCounts(target);
  const { outcome, served } = await servedWhile(
    () => read(target),
    async () => {
      const first = await attack(0);
      await sleep(1_000);
      const warm = memoryOf(target);
      return { warm, findings: withListsOf(first, await attack(1)) };
    },
  );
  await sleep(1_000);
  const hot = memoryOf(target);
  const after = await rowCounts(target);
  const written = Object.keys(after).filter((table) => !restless.test(table) && after[table] !== before[table]);
  const { warm, findings } = outcome;
  const grown = Object.fromEntries(Object.entries(hot).map(([name, mib]) => [name, mib - (warm[name] ?? 0)]));
  return { findings, written: written.map((table) => `${table} ${before[table]} → ${after[table]}`), grown, served };
}

function withListsOf<T extends object>(first: T, second: T): T {
  const earlier = new Map<string, unknown>(Object.entries(first));
  const joined = Object.entries(second).map(([name, value]: [string, unknown]) => {
    const before = earlier.get(name);
    return [name, Array.isArray(value) && Array.isArray(before) ? [...before, ...value] : value];
  });
  return Object.fromEntries(joined) as T;
}

export const fuzzHttp = (target: Target, bodies: number, seed: number): Promise<Findings<HttpFindings>> =>
  measured(target, (half) => attackHttp(target, Math.ceil(bodies / 2), seed + half * 1_000));

export const fuzzContracts = (target: Target, each: number, seed: number): Promise<Findings<ContractFindings>> =>
  measured(target, (half) => attackContracts(target, each, seed + half * 1_000));

/** `intruders`: nodes of the account whose agents have gone mad. */
export const fuzzAgents = (
  target: Target,
  intruders: Parameters<typeof attackAgents>[1],
  count: number,
  seed: number,
): Promise<Findings<AgentFindings>> =>
  measured(target, (half) => attackAgents(target, intruders, Math.ceil(count / 2), seed + half * 1_000));

export interface Crowded {
  readonly attack: string;
  readonly connections: number;
  readonly served: Served;
}

/** Each crowd in turn, while an ordinary client reads; first of all with nobody there. */
export async function crowd(target: Target, size: number, ms: number): Promise<Crowded[]> {
  const small = Math.ceil(size / 20);
  const nobody = (): Promise<Crowd> => Promise.resolve({ name: 'nobody', connections: 0, stop: () => undefined });
  const attacks: (() => Promise<Crowd>)[] = [
    nobody,
    () => idle(target, size),
    () => slowHeaders(target, small),
    () => slowBodies(target, small),
    () => headerFlood(target, small),
    () => hugeBodies(target, 4),
  ];
  const outcomes: Crowded[] = [];
  for (const attack of attacks) {
    const { name, connections, stop } = await attack();
    try {
      const { served } = await servedWhile(
        () => read(target),
        () => sleep(ms),
      );
      outcomes.push({ attack: name, connections, served });
    } finally {
      stop();
    }
  }
  return outcomes;
}
