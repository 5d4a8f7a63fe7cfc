import { setTimeout as sleep } from 'node:timers/promises';
import { type AgentFindings, attackAgents } from './agent-attack.js';
import { attackContracts, type ContractFindings } from './contract-attack.js';
import { type Crowd, headerFlood, hugeBodies, idle, slowBodies, slowHeaders } from './crowds.js';
import { attackHttp, type HttpFindings } from './http-attack.js';
import { liveMemory } from './live-memory.js';
import { read, type Served, servedWhile } from './served.js';
import { newestRow, rowCounts, type Target } from './target.js';

export interface Findings<T> {
  /** Of the whole attack. */
  readonly findings: T;
  /** Tables whose rows became more or fewer, though everything was refused. */
  readonly written: readonly string[];
  /** What each process still needed of its memory after each portion of the attack but the first, MB. */
  readonly live: readonly Readonly<Record<string, number>>[];
  /** Processes that need more after the last portion than after the one before, which was as large. */
  readonly grown: readonly string[];
  /** An ordinary client's reads meanwhile. */
  readonly served: Served;
}

/** The first one fills caches and has code compiled; what the second one leaves, the third may not add to. */
const portions = 3;

/** What a process may keep of a portion, MB: no more than what it holds varies by from one look to the next. */
const mayGrowMb = 4;

/** Sessions come and go with agents and people, and refusals are audited; these say nothing of what was refused. */
const restless = /\.(session|replica|agent|failed_log_in|audit_entry)$/;

/** Every attack that sends inputs which must be refused, in equal portions, to see what each leaves. */
async function measured<T extends object>(
  target: Target,
  attack: (portion: number) => Promise<T>,
): Promise<Findings<T>> {
  const before = await rowCounts(target);
  const { outcome, served } = await servedWhile(
    () => read(target),
    async () => {
      const findings: T[] = [];
      const live: Findings<T>['live'][number][] = [];
      for (let portion = 0; portion < portions; portion += 1) {
        findings.push(await attack(portion));
        if (portion > 0) live.push(await liveMemory(target));
      }
      return { findings: findings.reduce(joined), live };
    },
  );
  await sleep(1_000);
  const after = await rowCounts(target);
  const changed = Object.keys(after).filter((table) => !restless.test(table) && after[table] !== before[table]);
  const written = await Promise.all(
    changed.map(
      async (table) => `${table} ${before[table]} → ${after[table]}, the newest: ${await newestRow(target, table)}`,
    ),
  );
  return { ...outcome, written, grown: grownIn(outcome.live), served };
}

/** Which processes need more at the last look than at the one before. @throws Error when no process told anything */
export function grownIn(live: Findings<unknown>['live'], most = mayGrowMb): string[] {
  const [before, after] = [live.at(-2) ?? {}, live.at(-1) ?? {}];
  const names = Object.keys(after);
  if (names.length === 0) throw new Error('no process told what it needs of its memory');
  return names
    .map((name) => ({ name, mb: Number(after[name]) - Number(before[name]) }))
    .filter(({ mb }) => !(mb <= most))
    .map(({ name, mb }) => `${name} kept ${mb.toFixed(1)} MB`);
}

/** Adds up what was counted and lists what was wrong. */
function joined<T>(one: T, other: T): T {
  if (typeof one === 'number') return (one + Number(other)) as T;
  if (Array.isArray(one)) return [...one, ...(other as unknown[])] as T;
  const names = new Set([...Object.keys(one as object), ...Object.keys(other as object)]);
  const both = [...names].map((name) => {
    const [a, b] = [one, other].map((each) => (each as Readonly<Record<string, unknown>>)[name]);
    return [name, a === undefined ? b : b === undefined ? a : joined(a, b)];
  });
  return Object.fromEntries(both) as T;
}

export const fuzzHttp = (target: Target, bodies: number, seed: number): Promise<Findings<HttpFindings>> =>
  measured(target, (portion) => attackHttp(target, Math.ceil(bodies / portions), seed + portion * 1_000));

export const fuzzContracts = (target: Target, each: number, seed: number): Promise<Findings<ContractFindings>> =>
  measured(target, (portion) => attackContracts(target, Math.ceil(each / portions), seed + portion * 1_000));

/** `intruders`: nodes of the account whose agents have gone mad. */
export const fuzzAgents = (
  target: Target,
  intruders: Parameters<typeof attackAgents>[1],
  count: number,
  seed: number,
): Promise<Findings<AgentFindings>> =>
  measured(target, (portion) => attackAgents(target, intruders, Math.ceil(count / portions), seed + portion * 1_000));

export interface Crowded {
  readonly attack: string;
  readonly connections: number;
  readonly served: Served;
}

/** An ordinary client's reads for a while. */
export const readsFor = async (target: Target, ms: number): Promise<Served> =>
  (
    await servedWhile(
      () => read(target),
      () => sleep(ms),
    )
  ).served;

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
  const outcomes: Crowded[] = [];
  for (const attack of attacks) {
    const { name, connections, stop } = await attack();
    try {
      outcomes.push({ attack: name, connections, served: await readsFor(target, ms) });
    } finally {
      stop();
    }
  }
  return outcomes;
}
