import { builtCheckout } from '@runos/tool-start';
import { campaign } from '../kill/campaign.js';
import { kill } from '../kill/faults.js';
import { tellVerdict } from '../kill/tell-verdict.js';
import { optionsOf, say } from '../program.js';
import { across } from './across.js';
import { clocksApart } from './apart.js';
import { migrations } from './migrations.js';
import { agentDoors, killAgentDoor, replicas, rollingRestart, rounds } from './replica-faults.js';
import { upgraded } from './upgraded.js';

/**
 * `npm run fire -- replicas [--seed N] [--jobs 100] [--old DIR]`: every service twice; each replica killed in turn, then
 * each restarted in turn, while clients write through the balancer. With the built checkout of an older version the
 * plane begins as that one, is upgraded to this one under the same load, and meets all this half-way.
 */
export async function fireReplicas(args: readonly string[]): Promise<void> {
  const { seed, jobs: writes, old: folder } = optionsOf('replicas', args, { jobs: 100, old: '' });
  let old: string | undefined;
  try {
    old = folder === '' ? undefined : builtCheckout('--old', folder);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 2;
    return;
  }
  const singles = rounds.flat().sort();
  const kills = singles.map((name) => (agentDoors.includes(name) ? killAgentDoor(name, say) : kill(name)));
  const faults = [across, migrations, ...kills, rollingRestart(singles.map((name) => [name]))];
  const verdict = await campaign({
    ...{ seed, say, writes, instances: 30, clients: 3, pauseMs: 500, restMs: 1_000 },
    start: ['--replicas', String(replicas), ...clocksApart, ...(old === undefined ? [] : ['--from', old])],
    faults: old === undefined ? faults : upgraded(old, faults, across, say),
  });
  tellVerdict(verdict, say);
}
