import { builtCheckout } from '@runos/tool-start';
import { printResult, runChaosTest } from '../kill/chaos-test.js';
import { kill } from '../kill/faults.js';
import { independentTypes } from '../load/load.js';
import { optionsOf, print } from '../options.js';
import { checkAcrossReplicas } from './across-replicas.js';
import { migrations } from './migrations.js';
import { runNewerRenderer } from './newer-renderer.js';
import { type OlderBuild, readOlderBuild } from './older-build.js';
import { type NewerRenderer, planeOptions } from './plane-options.js';
import { agentGateways, killAgentGateway, rollingRestart, rounds } from './replica-faults.js';
import { runUnseenType } from './unseen-type.js';
import { upgradeFaults } from './upgrade-faults.js';

/**
 * `npm run resilience -- replicas [--seed N] [--jobs 100] [--old DIR]`: runs every service twice, kills and restarts
 * each replica while clients write through the balancer. With the built checkout of an older version, the plane starts
 * with that version and is upgraded under the same load. It has these faults in the middle of the upgrade. The second
 * replica of the reconciler, or each upgraded one, has a renderer that the other replicas lack.
 */
export async function replicas(args: readonly string[]): Promise<void> {
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
  const kills = singles.map((name) => (agentGateways.includes(name) ? killAgentGateway(name, print) : kill(name)));
  const older = old === undefined ? undefined : await readOlderBuild(old);
  const newerRenderer = newerRendererFor(older);
  const mixed = newerRenderer === 'none' ? [] : [runNewerRenderer];
  const faults = [checkAcrossReplicas, ...mixed, migrations, ...kills, rollingRestart(singles.map((name) => [name]))];
  const result = await runChaosTest({
    seed,
    print,
    // A replica of the older build refuses the types that it lacks.
    types: independentTypes().filter((type) => older?.types.includes(type) ?? true),
    writes,
    instances: 30,
    clients: 3,
    pauseMs: 500,
    faultPauseMs: 1_000,
    start: [...planeOptions(newerRenderer), ...(old === undefined ? [] : ['--from', old])],
    faults: old === undefined ? [...faults, runUnseenType] : upgradeFaults(old, faults, checkAcrossReplicas, print),
  });
  printResult(result, print);
}

function newerRendererFor(older: OlderBuild | undefined): NewerRenderer {
  if (older === undefined) return 'second';
  if (older.refusesNewerRenderers) return 'all';
  print('the old build fails for a renderer that it lacks: no replica gets a newer one');
  return 'none';
}
