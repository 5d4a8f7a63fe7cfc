import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { type KubeObject, mapAt } from '@runos/kube-objects';
import type { Status } from '../src/status/plane-client.js';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, type Harness, useHarness } from './harness.js';

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
const claimRef = () => refIn(osid, 'v1', 'PersistentVolumeClaim', `data-${osid}-0`);
const podRef = () => refIn(osid, 'v1', 'Pod', `${osid}-0`);
const conditionOf = ({ conditions }: Status, name: string) => conditions.find(({ type }) => type === name);
const isAtRisk = (status: Status) => conditionOf(status, 'DataAtRisk')?.status === 'True';
const isReported = ({ metadata: { name } }: KubeObject) =>
  harness.waitForStatus(osid, (status) => conditionOf(status, 'DataAtRisk')?.message.includes(` ${name} `));

useHarness((started) => ({ access, harness } = started));

beforeEach(async () => {
  osid = newOsid();
  await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
});

describe('data is at risk', () => {
  it('while its claim is being deleted and a pod uses it, until the claim is lost', async () => {
    const { uid } = (await access.admin.get(claimRef())).metadata;
    harness.notAcknowledging.add(osid);
    await access.admin.delete(claimRef());
    const status = await harness.waitForStatus(osid, isAtRisk);
    expect(status.phase).toBe('degraded');
    expect(conditionOf(status, 'DataAtRisk')).toMatchObject({
      reason: 'ClaimTerminating',
      message: expect.stringMatching(new RegExp(`^PersistentVolumeClaim data-${osid}-0 is being deleted.*copy`)),
    });
    expect(status.objects[0]).toMatchObject({
      kind: 'PersistentVolumeClaim',
      name: `data-${osid}-0`,
      state: 'degraded',
      reason: 'ClaimTerminating',
    });
    expect(status.replicas).toEqual({ desired: 1, ready: 1 });
    expect((await access.admin.get(claimRef())).metadata.uid).toBe(uid); // the pod keeps it
    // A new agent finds it again.
    await harness.restart();
    expect(await harness.waitForStatus(osid, isAtRisk)).toMatchObject({ phase: 'degraded' });
    harness.statuses.length = 0;
    await access.admin.delete(podRef());
    const lost = await harness.waitForStatus(osid, (one) => one.phase === 'ready' && !isAtRisk(one));
    expect(conditionOf(lost, 'DataLost')).toMatchObject({ status: 'True' });
  });

  it('while the volume of its claim is being deleted', async () => {
    const claim = await access.admin.get(claimRef());
    const name = String(mapAt(claim, 'spec')['volumeName']);
    await access.admin.delete({ apiVersion: 'v1', kind: 'PersistentVolume', name });
    const status = await harness.waitForStatus(osid, isAtRisk);
    expect(status.phase).toBe('degraded');
    expect(conditionOf(status, 'DataAtRisk')).toMatchObject({ reason: 'VolumeTerminating' });
    await isReported({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name } });
  });

  it('while a claim of an operator is being deleted that a running pod uses, but not at its scaling', async () => {
    const { metadata } = await access.admin.get(refIn(osid, 'v1', 'Service'));
    const owner = { apiVersion: 'v1', kind: 'Service', name: metadata.name, uid: String(metadata.uid) };
    await access.admin.mergePatch(claimRef(), {
      metadata: { ownerReferences: [owner], finalizers: ['example.com/x'] },
    });
    await access.admin.delete(claimRef());
    await harness.waitForStatus(osid, isAtRisk);
    harness.statuses.length = 0;
    await access.admin.mergePatch(podRef(), { metadata: { finalizers: ['example.com/x'] } });
    await access.admin.delete(podRef());
    await harness.waitForStatus(osid, (one) => !isAtRisk(one));
    await access.admin.mergePatch(claimRef(), { metadata: { finalizers: null } });
    await access.admin.mergePatch(podRef(), { metadata: { finalizers: null } });
  });

  it('and then lost: a new pod waits for the end of the claim, which is named', async () => {
    await access.admin.mergePatch(claimRef(), { metadata: { finalizers: ['example.com/x'] } });
    await access.admin.delete(claimRef());
    // The controller of the StatefulSet must know it too: otherwise its next pod uses the claim once more.
    await harness.waitForStatus(osid, isAtRisk);
    await access.admin.delete(podRef());
    const waiting = await harness.waitForStatus(osid, ({ objects }) =>
      objects.some(({ kind, reason }) => kind === 'StatefulSet' && reason === 'ClaimTerminating'),
    );
    const { message } = waiting.objects.find(({ kind }) => kind === 'StatefulSet') ?? {};
    expect(message).toContain(`data-${osid}-0`);
    expect(message).toMatch(/look at its finalizers/);
    await access.admin.mergePatch(claimRef(), { metadata: { finalizers: null } });
    await harness.waitForStatus(osid, ({ phase, conditions }) => phase === 'ready' && conditions.length > 0);
  });

  it('not when the whole instance is removed', async () => {
    await harness.removeUntilGone(osid);
    expect(harness.statuses.filter((status) => status.osid === osid).some(isAtRisk)).toBe(false);
  });
});
