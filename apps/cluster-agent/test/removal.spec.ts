import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Bundle, tombstoneDigest } from '@runos/agent-protocol';
import type { ObjectRef } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import { volumeKind, volumeOf as volumeNameOf } from '../src/removal/volumes.js';
import type { Status } from '../src/status/plane-client.js';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, type Harness, useHarness } from './harness.js';

let access: AgentAccess;
let harness: Harness;
const foreign = { fieldManager: 'other-operator' };
const namespace = (osid: string) => refIn(osid, 'v1', 'Namespace');
const stored = (osid: string) => access.admin.find(refIn(access.namespace, 'v1', 'Secret', `bundle-${osid}`));
const applyUntilReady = (osid: Bundle['osid'], revision = 1) =>
  harness.applyUntilReady(bundleOf(osid, revision, objectsOf(osid)));
const remove = (osid: Bundle['osid'], revision = 2) =>
  harness.controller.deleteBundle({ osid, generation: revision, revision });
const waitUntilGone = (osid: string) => harness.waitForStatus(osid, ({ phase }) => phase === 'gone');

/** The volume of its first claim. */
async function volumeOf(osid: string): Promise<ObjectRef> {
  const claim = await access.admin.get(refIn(osid, 'v1', 'PersistentVolumeClaim', `data-${osid}-0`));
  return { ...volumeKind, name: volumeNameOf(claim) as string };
}

/** Removes an instance with a volume that Kubernetes does not delete. */
async function removeWithVolume(source: Record<string, unknown>, message: RegExp): Promise<void> {
  const osid = newOsid();
  const volume = { ...volumeKind, name: `by-hand-${osid}` };
  await access.admin.create({
    ...volumeKind,
    metadata: { name: volume.name },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: 'local',
      claimRef: { namespace: osid, name: `data-${osid}-0` },
      ...source,
    },
  });
  await applyUntilReady(osid);
  expect(await volumeOf(osid)).toEqual(volume);
  await remove(osid);
  const { objects } = await harness.waitForStatus(osid, ({ objects: [worst] }) => message.test(worst?.message ?? ''));
  const about = { kind: 'PersistentVolume', name: volume.name, state: 'deleting', reason: 'VolumeRemaining' };
  expect(objects[0]).toMatchObject(about);
  expect(harness.statuses.some((status) => status.osid === osid && status.phase === 'gone')).toBe(false);
  await access.admin.delete(volume);
  await waitUntilGone(osid);
}

/** An object that the namespace waits for. */
async function withForeignFinalizer(osid: string): Promise<() => Promise<unknown>> {
  const kept = refIn(osid, 'v1', 'ConfigMap', 'kept');
  const { apiVersion, kind, name } = kept;
  await access.admin.create({ apiVersion, kind, metadata: { name, namespace: osid, finalizers: ['example.com/x'] } });
  return () => access.admin.mergePatch(kept, { metadata: { finalizers: null } });
}

/** These run concurrently, because a namespace terminates slowly. */
const scenarios = {
  async 'lists only what is left of it'() {
    const osid = newOsid();
    await applyUntilReady(osid);
    const release = await withForeignFinalizer(osid);
    const isRemoved = () => harness.controller.instances.isRemoved(osid);
    expect(isRemoved()).toBe(false);
    await remove(osid);
    await harness.waitForStatus(osid, ({ objects }) => objects.some(({ kind }) => kind === 'StatefulSet'));
    expect(isRemoved()).toBe(true);
    const { objects } = await harness.waitForStatus(
      osid,
      ({ phase, objects: left }) => phase === 'deleting' && left.length === 1,
    );
    expect(objects).toMatchObject([{ kind: 'Namespace', name: osid, state: 'deleting' }]);
    await release();
    await waitUntilGone(osid);
    expect(isRemoved()).toBe(true);
  },

  async 'deletes everything, and its record only after the plane has acknowledged that'() {
    const osid = newOsid();
    await applyUntilReady(osid);
    harness.notAcknowledging.add(osid);
    expect(await remove(osid)).toEqual({ accepted: true });
    expect((await harness.waitForStatus(osid, ({ phase }) => phase === 'deleting')).generation).toBe(2);
    const last = await waitUntilGone(osid);
    expect(last).toMatchObject({ objects: [], conditions: [{ type: 'Removed', status: 'True' }] });
    expect(await access.admin.find(namespace(osid))).toBeUndefined();
    const volumes = await access.admin.list({ apiVersion: 'v1', kind: 'PersistentVolume' });
    expect(JSON.stringify(volumes.map((one) => one['spec']))).not.toContain(osid);
    expect(await stored(osid)).toBeDefined();
    expect(await harness.controller.applyBundle(bundleOf(osid, 3, objectsOf(osid)))).toMatchObject({ accepted: false });
    harness.notAcknowledging.delete(osid);
    harness.unacknowledged.splice(0).forEach((report) => report.acknowledged());
    await waitUntil(async () => (await stored(osid)) === undefined, { because: () => 'the tombstone was not deleted' });
    expect(harness.controller.instances.get(osid)).toBeUndefined();
    // A paused replica of the plane may send a bundle long after its deadline.
    const late = await harness.controller.applyBundle(bundleOf(osid, 1, objectsOf(osid)));
    expect(late).toMatchObject({
      accepted: false,
      reason: expect.stringContaining('older than its deletion'),
      stored: { revision: 2, digest: tombstoneDigest },
    });
    expect(await stored(osid)).toBeUndefined();
  },

  async 'reports an object with a finalizer and its controller, and continues when the finalizer is removed'() {
    const osid = newOsid();
    await applyUntilReady(osid);
    const anchor = refIn(osid, 'v1', 'ConfigMap', 'anchor');
    const metadata = { name: 'anchor', namespace: osid, finalizers: ['example.com/never'] };
    await access.admin.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata }, foreign);
    await remove(osid);
    const isHeld = ({ objects: [worst] }: Status) => worst?.name === 'anchor' && worst.reason === 'FinalizerRemaining';
    const held = await harness.waitForStatus(osid, isHeld);
    expect(held.objects[0]).toMatchObject({ kind: 'ConfigMap', name: 'anchor', state: 'deleting' });
    expect(held.objects[0]?.message).toMatch(/finalizer example\.com\/never: see that the controller of example\.com/);
    const [removed] = held.conditions;
    expect(removed).toMatchObject({ type: 'Removed', status: 'False', reason: 'DeletionBlocked' });
    expect(removed?.message).toMatch(/Some content in the namespace has finalizers remaining/);
    expect((await access.admin.get(anchor)).metadata.finalizers).toEqual(['example.com/never']);
    await access.admin.mergePatch(anchor, { metadata: { finalizers: null } }, foreign);
    await waitUntilGone(osid);
  },

  async 'of an unknown instance is done at once'() {
    const osid = newOsid();
    expect(await remove(osid)).toEqual({ accepted: true });
    await waitUntilGone(osid);
  },

  async 'of an instance without a record deletes the namespace with its labels'() {
    const osid = newOsid();
    const [made] = objectsOf(osid);
    await access.admin.apply(made as never);
    await remove(osid);
    await waitUntilGone(osid);
    expect(await access.admin.find(namespace(osid))).toBeUndefined();
  },

  async 'does not touch a foreign namespace'() {
    const osid = newOsid();
    await access.admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: osid } });
    await remove(osid);
    await waitUntilGone(osid);
    expect((await access.admin.get(namespace(osid))).metadata.deletionTimestamp).toBeUndefined();
    await access.admin.delete(namespace(osid));
  },

  async 'names the retained volumes'() {
    const osid = newOsid();
    await applyUntilReady(osid);
    const volume = await volumeOf(osid);
    await access.admin.mergePatch(volume, { spec: { persistentVolumeReclaimPolicy: 'Retain' } }, foreign);
    await remove(osid);
    await harness.waitForStatus(osid, ({ objects }) =>
      objects.some((one) => one.name === volume.name && one.reason === 'Retained'),
    );
    expect((await waitUntilGone(osid)).conditions[0]?.message).toContain(volume.name);
    await access.admin.delete(volume);
  },

  'names a volume that its provisioner does not delete, and is done when a person deletes it': () =>
    removeWithVolume(
      { csi: { driver: 'csi.example.com', volumeHandle: 'one' } },
      /not deleted yet \(Released\): see that the provisioner of csi\.example\.com runs, or delete the volume by hand/,
    ),

  'quotes the reason of Kubernetes for which a volume cannot be deleted': () =>
    removeWithVolume({ hostPath: { path: '/srv/elsewhere' } }, /not deleted yet \(Failed: .*\/srv\/elsewhere/),

  async 'is refused for an older revision than the stored one'() {
    const osid = newOsid();
    await applyUntilReady(osid, 5);
    expect(await remove(osid, 4)).toMatchObject({ accepted: false, reason: expect.stringContaining('older') });
    await remove(osid, 6);
    await waitUntilGone(osid);
  },
};

type Scenario = keyof typeof scenarios;
const running = new Map<string, Promise<unknown>>();

useHarness((started) => ({ access, harness } = started), { deletionBlockedAfterMs: 15_000 });

beforeAll(async () => {
  for (const [name, run] of Object.entries(scenarios)) {
    running.set(
      name,
      run().catch((thrown: unknown) => thrown),
    );
  }
}, 900_000);

describe('removing an instance', () => {
  it.each(Object.keys(scenarios) as Scenario[])('%s', async (name) => {
    const thrown = await running.get(name);
    if (thrown !== undefined) throw thrown;
  });

  it('continues after a restart', async () => {
    const osid = newOsid();
    await applyUntilReady(osid);
    await remove(osid);
    await harness.restart();
    await waitUntilGone(osid);
    expect(await access.admin.find(namespace(osid))).toBeUndefined();
  });

  it('is not done before its last volume is deleted, not even after a restart', async () => {
    const osid = newOsid();
    await applyUntilReady(osid);
    const volume = await volumeOf(osid);
    const { finalizers = [] } = (await access.admin.get(volume)).metadata;
    await access.admin.mergePatch(volume, { metadata: { finalizers: [...finalizers, 'example.com/never'] } }, foreign);
    await remove(osid);
    await waitUntil(async () => (await access.admin.find(namespace(osid))) === undefined, {
      because: () => 'the namespace was not deleted',
    });
    await harness.restart();
    const held = await harness.waitForStatus(osid, ({ objects }) => objects[0]?.reason === 'FinalizerRemaining');
    expect(held.objects[0]).toMatchObject({ kind: 'PersistentVolume', name: volume.name, state: 'deleting' });
    expect(harness.statuses.some((status) => status.osid === osid && status.phase === 'gone')).toBe(false);
    await access.admin.mergePatch(volume, { metadata: { finalizers: null } }, foreign);
    await waitUntilGone(osid);
    expect(await access.admin.find(volume)).toBeUndefined();
  });
});
