import { probeSources } from '@runos/testing-images';
import { probeRealNodes, probeVolumeLimits } from '@runos/testing-kube';

/** An input of every test for Nx: where the machine has got another ability, results of before do not count. */
export const machineVariable = 'RUNOS_TEST_MACHINE';

/** What decides on this machine which specs are skipped, and why: one line. */
export async function machineAbilities(): Promise<string> {
  return JSON.stringify([probeRealNodes(), probeVolumeLimits(), await probeSources()]);
}
