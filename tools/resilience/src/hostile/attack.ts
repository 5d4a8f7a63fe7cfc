import { setTimeout as sleep } from 'node:timers/promises';
import { type AgentFindings, attackAgents } from './agent-attack.js';
import { attackContracts, type ContractFindings } from './contract-attack.js';
import { type ConnectionFlood, headerFlood, hugeBodies, idle, slowBodies, slowHeaders } from './connection-floods.js';
import { attackHttp, type HttpFindings } from './http-attack.js';
import { liveMemory } from './live-memory.js';
import { read, type ClientStatistics, servedWhile } from './client-statistics.js';
import { newestRow, rowCounts, type Target } from './target.js';

export interface Findings<T> {
  /** The results of the whole attack. */
  readonly findings: T;
  /** Tables whose number of rows changed, although everything was refused. */
  readonly written: readonly string[];
  /** The live memory of each process after each batch of the attack but the first, MB. */
  readonly live: readonly Readonly<Record<string, number>>[];
  /** Processes whose live memory grew between the last two batches, which are equally large. */
  readonly grown: readonly string[];
  /** The reads of an ordinary client during the attack. */
  readonly served: ClientStatistics;
}

/** The first batch fills caches and compiles code; after that, memory must not grow. */
const batches = 3;

/** The tolerated growth per batch, MB: the variation between two measurements. */
const batchGrowthMb = 4;

/** Tables that change without the attack: sessions of agents and users, and the audit of refusals. */
const changingTables = /\.(session|replica|agent|failed_log_in|audit_entry)$/;

/** Runs an attack whose inputs must be refused, in equal batches, and measures memory after each. */
async function measureAttack<T extends object>(
  target: Target,
  attack: (batch: number) => Promise<T>,
): Promise<Findings<T>> {
  const before = await rowCounts(target);
  const { outcome, served } = await servedWhile(
    () => read(target),
    async () => {
      const findings: T[] = [];
      const live: Findings<T>['live'][number][] = [];
      for (let batch = 0; batch < batches; batch += 1) {
        findings.push(await attack(batch));
        if (batch > 0) live.push(await liveMemory(target));
      }
      return { findings: findings.reduce(addFindings), live };
    },
  );
  await sleep(1_000);
  const after = await rowCounts(target);
  const changed = Object.keys(after).filter((table) => !changingTables.test(table) && after[table] !== before[table]);
  const written = await Promise.all(
    changed.map(
      async (table) => `${table} ${before[table]} → ${after[table]}, the newest: ${await newestRow(target, table)}`,
    ),
  );
  return { ...outcome, written, grown: findGrowth(outcome.live), served };
}

/** The processes whose memory grew between the last two measurements. @throws Error without any measurement */
export function findGrowth(live: Findings<unknown>['live'], most = batchGrowthMb): string[] {
  const [before, after] = [live.at(-2) ?? {}, live.at(-1) ?? {}];
  const names = Object.keys(after);
  if (names.length === 0) throw new Error('no process reported its memory');
  return names
    .map((name) => ({ name, mb: Number(after[name]) - Number(before[name]) }))
    .filter(({ mb }) => !(mb <= most))
    .map(({ name, mb }) => `${name} kept ${mb.toFixed(1)} MB`);
}

/** Adds counts and concatenates lists. */
function addFindings<T>(one: T, other: T): T {
  if (typeof one === 'number') return (one + Number(other)) as T;
  if (Array.isArray(one)) return [...one, ...(other as unknown[])] as T;
  const names = new Set([...Object.keys(one as object), ...Object.keys(other as object)]);
  const both = [...names].map((name) => {
    const [a, b] = [one, other].map((each) => (each as Readonly<Record<string, unknown>>)[name]);
    return [name, a === undefined ? b : b === undefined ? a : addFindings(a, b)];
  });
  return Object.fromEntries(both) as T;
}

export const fuzzHttp = (target: Target, bodies: number, seed: number): Promise<Findings<HttpFindings>> =>
  measureAttack(target, (batch) => attackHttp(target, Math.ceil(bodies / batches), seed + batch * 1_000));

export const fuzzContracts = (target: Target, each: number, seed: number): Promise<Findings<ContractFindings>> =>
  measureAttack(target, (batch) => attackContracts(target, Math.ceil(each / batches), seed + batch * 1_000));

/** `attackers`: registered nodes of the account that send hostile envelopes. */
export const fuzzAgents = (
  target: Target,
  attackers: Parameters<typeof attackAgents>[1],
  count: number,
  seed: number,
): Promise<Findings<AgentFindings>> =>
  measureAttack(target, (batch) => attackAgents(target, attackers, Math.ceil(count / batches), seed + batch * 1_000));

export interface ConnectionFloodResult {
  readonly attack: string;
  readonly connections: number;
  readonly served: ClientStatistics;
}

/** Reads as an ordinary client for a while. */
export const readsFor = async (target: Target, ms: number): Promise<ClientStatistics> =>
  (
    await servedWhile(
      () => read(target),
      () => sleep(ms),
    )
  ).served;

/** Runs each connection flood while an ordinary client reads. */
export async function runConnectionFloods(target: Target, size: number, ms: number): Promise<ConnectionFloodResult[]> {
  const small = Math.ceil(size / 20);
  const attacks: (() => Promise<ConnectionFlood>)[] = [
    () => idle(target, size),
    () => slowHeaders(target, small),
    () => slowBodies(target, small),
    () => headerFlood(target, small),
    () => hugeBodies(target, 4),
  ];
  const outcomes: ConnectionFloodResult[] = [];
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
