import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { type KubeObject, mapAt } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import type { Status } from '../src/status/plane-client.js';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, type Harness, useHarness } from './harness.js';

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
let podUid: string | undefined;
const claimRef = () => refIn(osid, 'v1', 'PersistentVolumeClaim', `data-${osid}-0`);
const podRef = () => refIn(osid, 'v1', 'Pod', `${osid}-0`);
const statefulSet = () => refIn(osid, 'apps/v1', 'StatefulSet');
const uidOf = ({ metadata }: KubeObject) => metadata.uid;
const isAtRisk = ({ conditions }: Status) =>
  conditions.some(({ type, status }) => type === 'DataAtRisk' && status === 'True');
const refusalOf = ({ conditions }: Status) =>
  conditions.find(({ type, reason }) => type === 'Applied' && reason === 'DataAtRisk');
const isRefused = (status: Status) => refusalOf(status) !== undefined;
const changed = (revision: number, changes: Record<string, unknown>, policy?: Bundle['driftPolicy']) =>
  bundleOf(osid, revision, objectsOf(osid, changes), policy);
const untilReady = (generation: number) =>
  harness.waitForStatus(osid, (one) => one.phase === 'ready' && one.generation === generation);

useHarness((started) => ({ access, harness } = started));

beforeEach(async () => {
  osid = newOsid();
  await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
  podUid = uidOf(await access.admin.get(podRef()));
});

/** The refused change has left the pod with its claim. */
async function expectPodKept(): Promise<void> {
  // The status of the StatefulSet follows its pods: until then, the instance may seem to serve nothing.
  const refused = await harness.waitForStatus(osid, (one) => isRefused(one) && one.phase === 'degraded');
  const message = `StatefulSet ${osid} is not changed, because that would end pods whose data is at risk. PersistentVolumeClaim data-${osid}-0 is being deleted`;
  expect(refusalOf(refused)?.message).toContain(message);
  expect(refused.objects).toContainEqual(
    expect.objectContaining({ kind: 'StatefulSet', state: 'failed', reason: 'DataAtRisk' }),
  );
  expect(uidOf(await access.admin.get(podRef()))).toBe(podUid);
  expect(await access.admin.find(claimRef())).toBeDefined();
}

describe('a change that would end a pod whose claim is being deleted', () => {
  it('is refused when the claim was deleted while no agent ran, and made when the user accepts the loss', async () => {
    await harness.restart(() => access.admin.delete(claimRef()));
    await harness.controller.applyBundle(changed(2, { cpuLimitMc: 700 }));
    await expectPodKept();
    await harness.controller.applyBundle({ ...changed(3, { cpuLimitMc: 700 }), acceptDataLoss: true });
    await untilReady(3);
    expect(uidOf(await access.admin.get(podRef()))).not.toBe(podUid);
  });

  it('is refused at the start of an agent that has stored it before', async () => {
    const { controller } = harness;
    await harness.restart(async () => {
      await controller.applyBundle(changed(2, { cpuLimitMc: 700 })); // stored, and never reconciled
      await access.admin.delete(claimRef());
    });
    await expectPodKept();
  });

  it('is made by itself once nothing is at risk', async () => {
    await access.admin.delete(claimRef());
    await harness.waitForStatus(osid, isAtRisk);
    await harness.controller.applyBundle(changed(2, { cpuLimitMc: 700 }));
    await expectPodKept();
    await access.admin.delete(podRef());
    await untilReady(2);
    const { containers } = mapAt(await access.admin.get(statefulSet()), 'spec', 'template', 'spec');
    expect(JSON.stringify(containers)).toContain('700m');
  });

  it('is refused where a change of another field overwrites drift that is only reported', async () => {
    await harness.applyUntilReady(changed(2, {}, 'report'));
    const env = [
      { op: 'add' as const, path: '/spec/template/spec/containers/0/env/-', value: { name: 'X', value: 'x' } },
    ];
    await access.admin.jsonPatch(statefulSet(), env, { fieldManager: 'other' });
    const limit = '/spec/template/spec/containers/0/resources/limits/cpu';
    await access.admin.jsonPatch(statefulSet(), [{ op: 'replace', path: limit, value: '600m' }], {
      fieldManager: 'other',
    });
    const isRolled = async () => {
      const pod = await access.admin.find(podRef());
      podUid = pod?.metadata.uid;
      const { readyReplicas } = mapAt(await access.admin.get(statefulSet()), 'status');
      return JSON.stringify(mapAt(pod ?? {}, 'spec')).includes('600m') && readyReplicas === 1;
    };
    await waitUntil(isRolled, { because: () => 'the pod was not replaced by a ready one' });
    await access.admin.delete(claimRef());
    await harness.waitForStatus(osid, isAtRisk);
    await harness.controller.applyBundle(changed(3, { replicas: 2 }, 'report'));
    await expectPodKept();
  });

  it('is made where it ends no pod', async () => {
    await access.admin.delete(claimRef());
    await harness.waitForStatus(osid, isAtRisk);
    await harness.controller.applyBundle(changed(2, { replicas: 2 }));
    await harness.waitForStatus(osid, ({ replicas }) => replicas?.ready === 2);
    expect(uidOf(await access.admin.get(podRef()))).toBe(podUid);
  });
});
