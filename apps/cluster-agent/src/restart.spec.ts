import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { type KubeObject, mapAt } from '@runos/kube-objects';
import { type AgentAccess, agentAccess } from '../test/spec-access.js';
import { bundleOf, newOsid, objectsOf, refIn, SpecExecutor } from '../test/spec-executor.js';

let access: AgentAccess;
let spec: SpecExecutor;
let osid: Bundle['osid'];
let objects: KubeObject[];
const night = { fieldManager: 'night-shift' };
const statefulSet = () => refIn(osid, 'apps/v1', 'StatefulSet');
const service = () => refIn(osid, 'v1', 'Service');

beforeAll(async () => {
  access = await agentAccess();
}, 900_000);

afterAll(() => access?.stop());

beforeEach(async () => {
  osid = newOsid();
  objects = objectsOf(osid);
  spec = await new SpecExecutor(access).start();
  await spec.up(bundleOf(osid, 1, objects));
});

afterEach(() => spec.stop());

const versions = () =>
  Promise.all(
    objects
      .filter(({ kind }) => kind !== 'StatefulSet')
      .map(
        async ({ apiVersion, kind, metadata }) =>
          (await access.admin.get(refIn(osid, apiVersion, kind, metadata.name))).metadata.resourceVersion,
      ),
  );

describe('after a restart', () => {
  it('nothing is written and nothing is said when nothing has changed', async () => {
    const change = async () => {
      await access.admin.mergePatch(service(), { spec: { type: 'NodePort' } }, night);
      await spec.drift(osid, ({ manager }) => manager === 'night-shift');
    };
    // The watch of one kind may be behind that of another; a restart lists them all.
    await spec.restart();
    await change();
    const before = await versions();
    await spec.restart();
    await change();
    const after = await versions();
    expect(after.filter((version, index) => version !== before[index])).toHaveLength(1);
    expect(spec.statuses.filter((status) => status.osid === osid && status.drift === undefined)).toEqual([]);
  });

  it('what was changed or deleted meanwhile is found and undone', async () => {
    await spec.restart(async () => {
      await access.admin.mergePatch(statefulSet(), { spec: { replicas: 2 } }, night);
      await access.admin.delete(service());
    });
    await spec.drift(osid, ({ manager, fields }) => manager === 'night-shift' && fields[0] === 'spec.replicas');
    await spec.drift(osid, ({ action, object }) => action === 'recreated' && object.kind === 'Service');
    expect(mapAt(await access.admin.get(statefulSet()), 'spec')['replicas']).toBe(1);
  });

  it('a bundle that was stored and never applied is applied', async () => {
    const next = bundleOf(osid, 2, objectsOf(osid, { cpuLimitMc: 900 }));
    spec.executor.registry.get(osid)!.namespaceEnding = true; // as if the process had ended right after the answer
    await spec.executor.apply(next);
    await spec.restart();
    await spec.status(osid, ({ phase, generation }) => phase === 'ready' && generation === 2);
  });

  it('what the plane has not acknowledged is said again, drifts too', async () => {
    spec.deafTo.add(osid);
    await access.admin.mergePatch(statefulSet(), { spec: { replicas: 2 } }, night);
    await spec.drift(osid, ({ manager }) => manager === 'night-shift');
    await spec.status(osid, ({ phase, replicas }) => phase === 'ready' && replicas?.desired === 1);
    spec.deafTo.clear();
    await spec.restart();
    await spec.drift(osid, ({ manager }) => manager === 'night-shift');
  });

  it('a stored bundle that others have changed is not believed; the next word of the plane takes its place', async () => {
    const { admin, namespace } = access;
    const stored = refIn(namespace, 'v1', 'Secret', `bundle-${osid}`);
    const forged = gzipSync(JSON.stringify([])).toString('base64');
    await spec.restart(() => admin.mergePatch(stored, { data: { objects: forged } }, night));
    expect(spec.executor.registry.get(osid)).toBeUndefined();
    expect((await admin.get(statefulSet())).metadata.deletionTimestamp).toBeUndefined();
    await spec.up(bundleOf(osid, 2, objects));
  });
});
