import { RandomSequence } from '../load/load.js';
import { optionsOf, print } from '../options.js';
import { printResult, runChaosTest } from './chaos-test.js';
import { cutAgentStreams, type InjectedFault, freeze, kill as killFault, loseNatsData, targets } from './faults.js';

/**
 * `npm run resilience -- kill [--seed N] [--jobs 200]`: a chaos test with faults in an order that the seed determines.
 * It kills every process and pairs of processes, freezes each process for 45 s, deletes the data of NATS and cuts all
 * agents off.
 */
export async function kill(args: readonly string[]): Promise<void> {
  const options = optionsOf('kill', args, { jobs: 200, 'freeze-ms': 45_000, only: '' });
  const { seed, jobs: writes, only } = options;
  const faults = allFaults(seed, options['freeze-ms']).filter(({ name }) => name.includes(only));
  const result = await runChaosTest({
    seed,
    faults,
    print,
    writes,
    instances: 40,
    clients: 4,
    pauseMs: 1_000,
    faultPauseMs: 1_000,
  });
  printResult(result, print);
}

/** All faults in random order: each process is killed alone, killed in one pair, and frozen once. */
function allFaults(seed: number, freezeMs: number): InjectedFault[] {
  const random = new RandomSequence(seed);
  const shuffled = <T>(list: readonly T[]): T[] => {
    const pending = [...list];
    return list.map(() => pending.splice(random.below(pending.length), 1)[0] as T);
  };
  const order = shuffled(targets);
  const pairs = order.flatMap((name, n) => (n % 2 === 0 ? [killFault(name, order[n + 1] as string)] : []));
  const singles = targets.map((name) => killFault(name));
  return shuffled([
    ...singles,
    ...pairs,
    ...targets.map((name) => freeze(name, freezeMs)),
    loseNatsData,
    cutAgentStreams,
  ]);
}
