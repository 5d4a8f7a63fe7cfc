import { printResult, runChaosTest } from '../kill/chaos-test.js';
import { RandomSequence } from '../load/load.js';
import { optionsOf, print } from '../options.js';
import { historyFaults } from './history-faults.js';
import { planeWithFaults, type StoreProxies, startStoreProxies } from './plane-with-faults.js';

const minuteMs = 60_000;

/**
 * `npm run resilience -- history [--minutes 60] [--seed N]`: two replicas of every service under load, with faults that
 * the seed determines, one after the other. Single replicas are paused and killed, clocks are stepped, and sockets to
 * NATS and PostgreSQL are slow. The database of the jobs service, or of the whole plane, is restored from a backup.
 * What clients received is checked afterwards; operations that contradict each other are printed.
 */
export async function history(args: readonly string[]): Promise<void> {
  const { seed, minutes } = optionsOf('history', args, { minutes: 60 });
  const endsAt = performance.now() + minutes * minuteMs;
  let proxies: StoreProxies | undefined;
  const faults = {
    *[Symbol.iterator]() {
      yield* historyFaults(new RandomSequence(seed), { ...proxies }, () => performance.now() > endsAt, print);
    },
  };
  try {
    const result = await runChaosTest({
      seed,
      print,
      faults,
      prepare: async (data) => planeWithFaults(data, (proxies = await startStoreProxies(data))),
      writes: 0,
      instances: 30,
      clients: 3,
      pauseMs: 1_000,
      faultPauseMs: 2_000,
      start: [],
    });
    printResult(result, print);
  } finally {
    proxies?.nats.stop();
    proxies?.postgres.stop();
  }
}
