import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import type { AgentAccess } from './agent-access.js';
import { DatabaseOperator } from './database-operator.js';
import { bundleOf, type Harness, newOsid, objectsOf, useHarness } from './harness.js';

jest.setTimeout(60_000);

/** Longer than the simulated status of a Cluster needs to be healthy again. */
const settledMs = 1_500;

describe('a change that an operator makes in pods', () => {
  let access: AgentAccess;
  let harness: Harness;
  let osid: Bundle['osid'];
  let operator: DatabaseOperator;
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
  const replacePod = async () => {
    await operator.deletePod();
    await waitForReason('PodsNotReady');
    await operator.createPod();
    await sleep(settledMs);
    expect(phases()).not.toContain('ready');
    await operator.recordReady();
    await waitUntilReady();
  };
  const expectToWaitForPod = async () => {
    const { conditions } = await waitForReason('PodsOutdated');
    await sleep(settledMs);
    expect(phases()).not.toContain('ready');
    return conditions.find(({ type }) => type === 'Ready')?.message;
  };

  beforeAll(async () => {
    osid = newOsid('postgresql');
    operator = new DatabaseOperator(access.admin, osid);
    await apply({});
    await waitUntilReady(); // the simulation has no pods, so its status alone decides
    await operator.createPod();
    await operator.recordReady();
    await apply({ configValues: { jit: 'off' } });
  });

  it('is ready without another pod if it changes only what is reloaded', async () => {
    await waitUntilReady();
  });

  it('is not ready before a restart has replaced the pod, each time', async () => {
    for (const restartedAt of ['2026-11-30T05:00:00.000Z', '2026-11-30T05:00:01.000Z']) {
      await apply({ restartedAt });
      expect(await expectToWaitForPod()).toBe(
        `The operator of Cluster ${osid} has not replaced pod ${osid}-1 yet: it has another time of restart.`,
      );
      await replacePod();
    }
  });

  it('is not ready before the pod has other resources, also for another agent', async () => {
    await apply({ cpuLimitMc: 400, restartedAt: '2026-11-30T05:00:01.000Z' });
    expect(await expectToWaitForPod()).toContain('has another cpu limit.');
    await harness.restart();
    await sleep(settledMs);
    expect(phases()).not.toContain('ready');
    await replacePod();
  });
});
