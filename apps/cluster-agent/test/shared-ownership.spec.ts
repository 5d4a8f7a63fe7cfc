import { beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bundle } from '@runos/agent-protocol';
import { type KubeObject, mapAt } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, type Harness, newOsid, objectsOf, ofKind, refIn, useHarness } from './harness.js';

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
let objects: KubeObject[];

const quietMs = 1_000;
const backupTool = { fieldManager: 'velero-server' };
const statefulSet = () => refIn(osid, 'apps/v1', 'StatefulSet');
const live = () => access.admin.get(statefulSet());
const managersOf = ({ metadata }: KubeObject): string[] =>
  (metadata.managedFields ?? []).flatMap(({ manager, subresource }) => (subresource ? [] : [manager ?? '']));
const untilOnlyOurs = () =>
  waitUntil(async () => managersOf(await live()).join() === 'runos', {
    because: () => 'the other manager still owns our fields',
  });

useHarness((started) => ({ access, harness } = started), { ownershipQuietMs: quietMs });

beforeEach(() => {
  osid = newOsid();
  objects = objectsOf(osid);
});

/** A backup tool creates the object again, while the agent is away. */
async function restoreBackup(): Promise<void> {
  await access.admin.delete(statefulSet());
  const isGone = async () => (await access.admin.find(statefulSet())) === undefined;
  await waitUntil(isGone, { because: () => 'the StatefulSet still exists' });
  const backup = ofKind(objects, 'StatefulSet');
  const annotations = { 'velero.io/restore-name': 'monday' };
  await access.admin.create({ ...backup, metadata: { ...backup.metadata, annotations } }, backupTool);
}

describe('ownership of our fields that others have too', () => {
  it('is taken back after a restore: reported once, and no pod restarts', async () => {
    await harness.applyUntilReady(bundleOf(osid, 1, objects));
    await harness.restart(restoreBackup);
    const drift = await harness.waitForDrift(osid, ({ action }) => action === 'reclaimed');
    expect(drift).toMatchObject({ manager: 'velero-server', object: { kind: 'StatefulSet', name: osid } });
    expect(drift.fields).toEqual(expect.arrayContaining(['metadata.labels', 'spec.replicas', 'spec.template']));
    const restored = await live();
    // What is the tool's own stays: its annotation, and defaults that we do not set.
    expect(managersOf(restored).sort()).toEqual(['runos', 'velero-server']);
    const left = restored.metadata.managedFields?.find(({ manager }) => manager === 'velero-server')?.fieldsV1;
    expect(JSON.stringify(left)).toContain('velero.io/restore-name');
    expect(JSON.stringify(left)).not.toMatch(/f:(labels|replicas|image|serviceName|selector)"/);
    expect(restored.metadata.generation).toBe(1);
    const { currentRevision, updateRevision } = mapAt(restored, 'status');
    expect(updateRevision).toBe(currentRevision);
    expect(harness.drifts(osid).filter(({ action }) => action === 'reclaimed')).toHaveLength(1);
    await harness.removeUntilGone(osid);
  });

  it('is taken back from a server-side apply as often as it returns, and reported for the first time only', async () => {
    await harness.applyUntilReady(bundleOf(osid, 1, objects));
    const { apiVersion, kind } = statefulSet();
    const same = { apiVersion, kind, metadata: { name: osid, namespace: osid }, spec: { replicas: 1 } };
    const before = await access.admin.apply(same, { fieldManager: 'gitops' });
    await untilOnlyOurs();
    await access.admin.apply(same, { fieldManager: 'gitops' });
    await untilOnlyOurs();
    expect(harness.drifts(osid)).toMatchObject([{ action: 'reclaimed', manager: 'gitops', fields: ['spec.replicas'] }]);
    expect((await live()).metadata.generation).toBe(before.metadata.generation);
    await harness.removeUntilGone(osid);
  });

  it('stays with legitimate writers, and with everybody under the drift policy report', async () => {
    await harness.applyUntilReady(bundleOf(osid, 1, objects, 'report'));
    const { apiVersion, kind } = statefulSet();
    const same = { apiVersion, kind, metadata: { name: osid, namespace: osid }, spec: { replicas: 1 } };
    await access.admin.apply(same, { fieldManager: 'kube-controller-manager' });
    await access.admin.apply(same, { fieldManager: 'gitops' });
    const drift = await harness.waitForDrift(osid, ({ action }) => action === 'shared');
    expect(drift).toMatchObject({ manager: 'gitops', fields: ['spec.replicas'] });
    await sleep(2 * quietMs);
    expect(managersOf(await live()).sort()).toEqual(['gitops', 'kube-controller-manager', 'runos']);
    expect(harness.drifts(osid)).toHaveLength(1);
    await harness.removeUntilGone(osid);
  });
});
