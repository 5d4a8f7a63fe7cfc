import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { mapAt, mapsIn } from '@runos/kube-objects';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, type Harness, newOsid, objectsOf, refIn, useHarness } from './harness.js';

/** Longer than the simulated operator needs for a change. */
const settledMs = 1_500;
const restart = 'kubectl.kubernetes.io/restartedAt';
const paused = 'cnpg.io/reconciliationLoop';

describe('a change that an operator makes in pods', () => {
  let access: AgentAccess;
  let harness: Harness;
  let osid: Bundle['osid'];
  let revision = 0;
  useHarness((started) => ({ access, harness } = started));

  const apply = async (changes: Record<string, unknown>) => {
    const answer = await harness.controller.applyBundle(bundleOf(osid, (revision += 1), objectsOf(osid, changes)));
    expect(answer.accepted).toBe(true);
  };
  const phases = (): string[] =>
    harness.statuses.flatMap((one) => (one.osid === osid && one.generation === revision ? [one.phase] : []));
  const waitForReason = (reason: string) =>
    harness.waitForStatus(
      osid,
      ({ generation, conditions }) =>
        generation === revision && conditions.some((one) => one.type === 'Ready' && one.reason === reason),
    );
  const waitUntilReady = () =>
    harness.waitForStatus(osid, ({ generation, phase }) => generation === revision && phase === 'ready');
  /** The operator reacts to nothing until it is resumed. */
  const pause = (value: 'disabled' | null) =>
    access.admin.mergePatch(refIn(osid, 'postgresql.cnpg.io/v1', 'Cluster'), {
      metadata: { annotations: { [paused]: value } },
    });
  const pods = async () =>
    (await access.admin.list({ apiVersion: 'v1', kind: 'Pod', namespace: osid })).map(({ metadata, spec }) => ({
      uid: metadata.uid,
      restartedAt: metadata.annotations?.[restart],
      cpuLimit: mapAt(mapsIn(mapAt({ spec }, 'spec')['containers'])[0], 'resources', 'limits')['cpu'],
    }));
  /** Waits until the job of the change would end, and returns the pods at this time. */
  const readyPods = async () => {
    await waitUntilReady();
    return pods();
  };
  const expectToWaitForPod = async () => {
    const { conditions } = await waitForReason('PodsOutdated');
    await sleep(settledMs);
    expect(phases()).not.toContain('ready');
    return conditions.find(({ type }) => type === 'Ready')?.message;
  };

  beforeAll(async () => {
    osid = newOsid('postgresql');
    await apply({ replicas: 2 });
    await waitUntilReady();
    await apply({ replicas: 2, configValues: { jit: 'off' } });
  });

  it('is ready with the same pods if it changes only what is reloaded', async () => {
    const before = await pods();
    expect(await readyPods()).toEqual(before);
  });

  it('is ready when a restart has replaced every pod, each time', async () => {
    for (const restartedAt of ['2026-11-30T05:00:00.000Z', '2026-11-30T05:00:01.000Z']) {
      const before = (await pods()).map(({ uid }) => uid);
      await apply({ replicas: 2, restartedAt });
      const after = await readyPods();
      expect(after.map((pod) => pod.restartedAt)).toEqual([restartedAt, restartedAt]);
      expect(after.filter(({ uid }) => before.includes(uid))).toEqual([]);
    }
  });

  it('is ready when every pod has another size', async () => {
    await apply({ replicas: 2, restartedAt: '2026-11-30T05:00:01.000Z', cpuLimitMc: 600 });
    expect((await readyPods()).map(({ cpuLimit }) => cpuLimit)).toEqual(['600m', '600m']);
  });

  it('is not ready while the operator does nothing, also for another agent', async () => {
    await pause('disabled');
    await apply({ replicas: 2, restartedAt: '2026-11-30T05:00:02.000Z', cpuLimitMc: 600 });
    expect(await expectToWaitForPod()).toMatch(
      /^The operator of Cluster (\S+) has not replaced pod \1-[12] yet: it has another time of restart\.$/,
    );
    await apply({ replicas: 2, restartedAt: '2026-11-30T05:00:02.000Z', cpuLimitMc: 400 });
    expect(await expectToWaitForPod()).toContain('has another time of restart, cpu limit.');
    await harness.restart();
    await sleep(settledMs);
    expect(phases()).not.toContain('ready');
    await pause(null);
    expect((await readyPods()).map(({ cpuLimit }) => cpuLimit)).toEqual(['400m', '400m']);
  });
});
