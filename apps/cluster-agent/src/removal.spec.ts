import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { waitUntil } from '@runos/tool-process';
import { type AgentAccess, agentAccess } from './spec-access.js';
import { bundleOf, newOsid, objectsOf, refIn, SpecExecutor } from './spec-executor.js';

let access: AgentAccess;
let spec: SpecExecutor;
let osid: Bundle['osid'];
const night = { fieldManager: 'night-shift' };
const namespace = () => refIn(osid, 'v1', 'Namespace');
const stored = () => access.admin.find({ ...refIn(access.namespace, 'v1', 'Secret', `bundle-${osid}`) });
const remove = (revision = 2) => spec.executor.remove({ osid, generation: revision, revision });
const gone = () => spec.status(osid, ({ phase }) => phase === 'gone', 40_000);

beforeAll(async () => {
  access = await agentAccess();
  spec = await new SpecExecutor(access, { heldUpAfterMs: 6_500 }).start();
}, 900_000);

afterAll(async () => {
  await spec?.stop();
  await access?.stop();
});

beforeEach(() => {
  osid = newOsid();
});

describe('removing an instance', () => {
  it('leaves nothing behind, and forgets it only when the plane knows that', async () => {
    await spec.up(bundleOf(osid, 1, objectsOf(osid)));
    spec.acknowledging = false;
    expect(await remove()).toEqual({ accepted: true });
    expect((await spec.status(osid, ({ phase }) => phase === 'deleting')).generation).toBe(2);
    const last = await gone();
    expect(last).toMatchObject({ objects: [], conditions: [{ type: 'Removed', status: 'True' }] });
    expect(await access.admin.find(namespace())).toBeUndefined();
    const volumes = await access.admin.list({ apiVersion: 'v1', kind: 'PersistentVolume' });
    expect(JSON.stringify(volumes.map((one) => one['spec']))).not.toContain(osid);
    expect(await stored()).toBeDefined();
    expect(await spec.executor.apply(bundleOf(osid, 3, objectsOf(osid)))).toMatchObject({ accepted: false });
    spec.acknowledging = true;
    spec.pending.splice(0).forEach((acknowledge) => acknowledge());
    await waitUntil(async () => (await stored()) === undefined, {
      deadlineMs: 5_000,
      because: () => 'the tombstone stays',
    });
    expect(spec.executor.summary().count).toBe(0);
  });

  it('says which object a finalizer keeps, by its own account and its owner, and goes on when it is freed', async () => {
    await spec.up(bundleOf(osid, 1, objectsOf(osid)));
    const anchor = refIn(osid, 'v1', 'ConfigMap', 'anchor');
    const metadata = { name: 'anchor', namespace: osid, finalizers: ['example.com/never'] };
    await access.admin.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata }, night);
    await remove();
    const held = await spec.status(
      osid,
      ({ objects }) => objects.some(({ reason }) => reason === 'FinalizerRemaining'),
      40_000,
    );
    expect(held.objects[0]).toMatchObject({ kind: 'ConfigMap', name: 'anchor', state: 'deleting' });
    expect(held.objects[0]?.message).toMatch(
      /finalizer example\.com\/never: see that the controller of example\.com runs/,
    );
    const [removed] = held.conditions;
    expect(removed).toMatchObject({ type: 'Removed', status: 'False', reason: 'HeldUp' });
    expect(removed?.message).toMatch(/Some content in the namespace has finalizers remaining/);
    expect((await access.admin.get(anchor)).metadata.finalizers).toEqual(['example.com/never']);
    await access.admin.mergePatch(anchor, { metadata: { finalizers: null } }, night);
    await gone();
  });

  it('goes on after a restart, with what was stored', async () => {
    await spec.up(bundleOf(osid, 1, objectsOf(osid)));
    await remove();
    await spec.restart();
    await gone();
    expect(await access.admin.find(namespace())).toBeUndefined();
  });

  it('of one that never came here is done at once', async () => {
    expect(await remove()).toEqual({ accepted: true });
    await gone();
  });

  it('of one that was forgotten here takes the namespace that carries its labels', async () => {
    const [made] = objectsOf(osid);
    await access.admin.apply(made as never);
    await remove();
    await gone();
    expect(await access.admin.find(namespace())).toBeUndefined();
  });

  it('never touches a namespace that is somebody else’s', async () => {
    await access.admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: osid } });
    await remove();
    await gone();
    expect(await access.admin.get(namespace())).not.toHaveProperty('metadata.deletionTimestamp');
    await access.admin.delete(namespace());
  });

  it('names the volumes that the cluster keeps', async () => {
    await spec.up(bundleOf(osid, 1, objectsOf(osid)));
    const claim = await access.admin.get(refIn(osid, 'v1', 'PersistentVolumeClaim', `data-${osid}-0`));
    const name = (claim['spec'] as { volumeName: string }).volumeName;
    const volume = { apiVersion: 'v1', kind: 'PersistentVolume', name };
    await access.admin.mergePatch(volume, { spec: { persistentVolumeReclaimPolicy: 'Retain' } }, night);
    await remove();
    const last = await gone();
    expect(last.conditions[0]?.message).toContain(name);
    await access.admin.delete(volume);
  });

  it('is refused for a revision older than the stored one', async () => {
    await spec.up(bundleOf(osid, 5, objectsOf(osid)));
    expect(await remove(4)).toMatchObject({ accepted: false, reason: expect.stringContaining('older') });
    await remove(6);
    await gone();
  });
});
