import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type InjectedFault, freeze, kill } from '../kill/faults.js';
import { RandomSequence } from '../load/load.js';
import { rounds } from '../replicas/replica-faults.js';
import { clockFile } from './plane-with-faults.js';
import { restorePlaneDatabase } from './restore-database.js';
import { restoreJobsDatabase } from './restore-jobs-database.js';
import type { SlowProxy } from './slow-proxy.js';

/** Every replica of every service. */
const replicas = rounds.flat();
/** What is killed beside the replicas. */
const others = ['nats', 'postgres', 'cluster-agent'];

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** Every chunk of bytes is delayed for a while. */
const slowSockets = (where: string, proxy: SlowProxy, delayMs: number, forMs: number): InjectedFault => ({
  name: `${where}: ${delayMs} ms per chunk for ${seconds(forMs)}`,
  hits: [],
  async inject() {
    proxy.delay(delayMs);
    await sleep(forMs);
    proxy.delay(0);
  },
});

/** The clock of one replica is stepped, and stays so until its next step. */
const stepClock = (name: string, aheadMs: number): InjectedFault => ({
  name: `the clock of ${name} is stepped to ${aheadMs / 1_000} s`,
  hits: [],
  inject: (data) => writeFile(clockFile(data, name), String(aheadMs)),
});

/** Faults in an order and with durations of the seed, until `isOver`. */
export function* historyFaults(
  random: RandomSequence,
  proxies: Readonly<Record<string, SlowProxy>>,
  isOver: () => boolean,
  print: (line: string) => void,
): Generator<InjectedFault> {
  const between = (low: number, high: number): number => low + random.below(high - low);
  const kinds: readonly (() => InjectedFault)[] = [
    () => freeze(random.pick(replicas), between(5_000, 40_000)),
    () => kill(random.pick([...replicas, ...others])),
    () => {
      const [where, proxy] = random.pick(Object.entries(proxies));
      return slowSockets(where, proxy, between(50, 1_500), between(5_000, 30_000));
    },
    () => stepClock(random.pick(replicas), between(-600_000, 600_000)),
    () => restoreJobsDatabase(between(1_000, 15_000)),
    () => {
      // The number of these choices depends on the state of the plane; they do not shift the ones of later faults.
      const choices = new RandomSequence(random.below(2 ** 31));
      return restorePlaneDatabase(between(1_000, 15_000), () => choices.below(2) === 0, print);
    },
  ];
  let pending: (() => InjectedFault)[] = [];
  while (!isOver()) {
    // Every kind once before any kind again, so that a short run has all of them.
    if (pending.length === 0) pending = [...kinds];
    const [kind] = pending.splice(random.below(pending.length), 1);
    if (kind) yield kind();
  }
}
