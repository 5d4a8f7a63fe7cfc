import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { type KubeObject, mapAt } from '@runos/kube-objects';
import { type AgentAccess, useAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, Harness } from './harness.js';

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
let objects: KubeObject[];
const foreign = { fieldManager: 'other-operator' };
const statefulSet = () => refIn(osid, 'apps/v1', 'StatefulSet');
const service = () => refIn(osid, 'v1', 'Service');

useAccess((started) => (access = started));

beforeEach(async () => {
  osid = newOsid();
  objects = objectsOf(osid);
  harness = await new Harness(access).start();
  await harness.applyUntilReady(bundleOf(osid, 1, objects));
});

afterEach(() => harness.stop());

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
  it('writes and reports nothing when nothing has changed', async () => {
    const change = async () => {
      await access.admin.mergePatch(service(), { spec: { type: 'NodePort' } }, foreign);
      await harness.waitForDrift(osid, ({ manager }) => manager === 'other-operator');
    };
    // The watch of one kind may lag behind another one. A restart lists all kinds.
    await harness.restart();
    await change();
    const before = await versions();
    await harness.restart();
    await change();
    const after = await versions();
    expect(after.filter((version, index) => version !== before[index])).toHaveLength(1);
    expect(harness.statuses.filter((status) => status.osid === osid && status.drift === undefined)).toEqual([]);
  });

  it('repairs what was changed or deleted meanwhile', async () => {
    await harness.restart(async () => {
      await access.admin.mergePatch(statefulSet(), { spec: { replicas: 2 } }, foreign);
      await access.admin.delete(service());
    });
    await harness.waitForDrift(
      osid,
      ({ manager, fields }) => manager === 'other-operator' && fields[0] === 'spec.replicas',
    );
    await harness.waitForDrift(osid, ({ action, object }) => action === 'recreated' && object.kind === 'Service');
    expect(mapAt(await access.admin.get(statefulSet()), 'spec')['replicas']).toBe(1);
  });

  it('applies a bundle that was stored but not applied', async () => {
    const next = bundleOf(osid, 2, objectsOf(osid, { cpuLimitMc: 900 }));
    harness.controller.instances.get(osid)?.recordNamespaceTerminating(true); // as if the process had ended after its reply
    await harness.controller.applyBundle(next);
    await harness.restart();
    await harness.waitForStatus(osid, ({ phase, generation }) => phase === 'ready' && generation === 2);
  });

  it('repeats reports that the plane has not acknowledged, drifts too', async () => {
    harness.notAcknowledging.add(osid);
    await access.admin.mergePatch(statefulSet(), { spec: { replicas: 2 } }, foreign);
    await harness.waitForDrift(osid, ({ manager }) => manager === 'other-operator');
    await harness.waitForStatus(osid, ({ phase, replicas }) => phase === 'ready' && replicas?.desired === 1);
    harness.notAcknowledging.clear();
    await harness.restart();
    await harness.waitForDrift(osid, ({ manager }) => manager === 'other-operator');
  });

  it('rejects a stored bundle that was changed by others, until the plane sends it again', async () => {
    const { admin, namespace } = access;
    const stored = refIn(namespace, 'v1', 'Secret', `bundle-${osid}`);
    const tampered = gzipSync(JSON.stringify([])).toString('base64');
    await harness.restart(() => admin.mergePatch(stored, { data: { objects: tampered } }, foreign));
    expect(harness.controller.instances.get(osid)).toBeUndefined();
    expect((await admin.get(statefulSet())).metadata.deletionTimestamp).toBeUndefined();
    await harness.applyUntilReady(bundleOf(osid, 2, objects));
  });
});
