import { Dice } from '../load/dice.js';
import { optionsOf, say } from '../program.js';
import { campaign } from './campaign.js';
import { cutAgents, type Fault, freeze, kill, loseNatsData, victims } from './faults.js';
import { tellVerdict } from './tell-verdict.js';

/**
 * `npm run fire -- kill [--seed N] [--jobs 200]`: every process killed in turn, then in pairs, then frozen for 45 s, and
 * what else a bad night brings, in an order that the seed decides.
 */
export async function fireKill(args: readonly string[]): Promise<void> {
  const options = optionsOf('kill', args, { jobs: 200, 'freeze-ms': 45_000, only: '' });
  const { seed, jobs: writes, only } = options;
  const faults = longForm(seed, options['freeze-ms']).filter(({ name }) => name.includes(only));
  const verdict = await campaign({
    ...{ seed, faults, say, writes, instances: 40, clients: 4, pauseMs: 1_000, restMs: 1_000 },
  });
  tellVerdict(verdict, say);
}

/** Each once, in pairs so that each is in one, frozen once; shuffled. */
function longForm(seed: number, freezeMs: number): Fault[] {
  const dice = new Dice(seed);
  const shuffled = <T>(list: readonly T[]): T[] => {
    const rest = [...list];
    return list.map(() => rest.splice(dice.throw(rest.length), 1)[0] as T);
  };
  const order = shuffled(victims);
  const pairs = order.flatMap((name, n) => (n % 2 === 0 ? [kill(name, order[n + 1] as string)] : []));
  const singles = victims.map((name) => kill(name));
  return shuffled([...singles, ...pairs, ...victims.map((name) => freeze(name, freezeMs)), loseNatsData, cutAgents]);
}
