import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { type KubeObject, mapAt } from '@runos/kube-objects';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, type Harness, useHarness } from './harness.js';
import type { Status } from '../src/status/plane-client.js';

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
let objects: KubeObject[];
const foreign = { fieldManager: 'other-operator' };
const statefulSet = () => refIn(osid, 'apps/v1', 'StatefulSet');
const replicas = async () => mapAt(await access.admin.get(statefulSet()), 'spec')['replicas'];
const drifted =
  (reason: string) =>
  ({ conditions }: Status) =>
    conditions.some((one) => one.type === 'Drifted' && one.reason === reason);

useHarness((started) => ({ access, harness } = started));

beforeEach(async () => {
  osid = newOsid();
  objects = objectsOf(osid);
  await harness.applyUntilReady(bundleOf(osid, 1, objects, 'report'));
});

describe('drift that is only reported', () => {
  it('stays, is reported once with manager and field, and ends when its manager reverts it', async () => {
    await access.admin.mergePatch(statefulSet(), { spec: { replicas: 2 } }, foreign);
    const found = await harness.waitForDrift(osid, () => true);
    expect(found).toMatchObject({ manager: 'other-operator', fields: ['spec.replicas'], action: 'reported' });
    await access.admin.mergePatch(statefulSet(), { metadata: { annotations: { 'example.com/note': 'x' } } }, foreign);
    const status = await harness.waitForStatus(osid, drifted('Reported'));
    expect(status.conditions.find(({ type }) => type === 'Drifted')?.message).toContain(
      `spec.replicas of StatefulSet ${osid}`,
    );
    await harness.waitForStatus(osid, ({ replicas: count }) => count?.desired === 1 && count.ready === 2);
    expect(harness.drifts(osid)).toHaveLength(1);
    harness.statuses.length = 0;
    await access.admin.mergePatch(statefulSet(), { spec: { replicas: 1 } }, foreign);
    await harness.waitForStatus(osid, drifted('NoDrift'));
  });

  it('is a missing object, which is not recreated', async () => {
    await access.admin.delete(refIn(osid, 'v1', 'Service'));
    await harness.waitForDrift(osid, ({ action, object }) => action === 'reported' && object.kind === 'Service');
    const status = await harness.waitForStatus(osid, ({ phase }) => phase === 'degraded');
    expect(status.objects[0]).toMatchObject({ kind: 'Service', state: 'failed', reason: 'Missing' });
    expect(await access.admin.find(refIn(osid, 'v1', 'Service'))).toBeUndefined();
    // A person recreates it as it was.
    harness.statuses.length = 0;
    await access.admin.apply(objects.find((one) => one.metadata.name === osid && one.kind === 'Service') as KubeObject);
    await harness.waitForStatus(osid, (status) => status.phase === 'ready' && drifted('NoDrift')(status));
  });

  it('leaves fewer pods than desired: none is a failure, less is a degradation', async () => {
    await harness.applyUntilReady(bundleOf(osid, 2, objectsOf(osid, { replicas: 2 }), 'report'));
    harness.statuses.length = 0;
    await access.admin.mergePatch(statefulSet(), { spec: { replicas: 0 } }, foreign);
    const none = await harness.waitForStatus(osid, ({ replicas: count }) => count?.ready === 0);
    expect(none.replicas).toEqual({ desired: 2, ready: 0 });
    const failed = await harness.waitForStatus(osid, ({ phase }) => phase === 'failed');
    expect(failed.objects[0]).toMatchObject({ kind: 'StatefulSet', state: 'failed', reason: 'ScaledDown' });
    expect(failed.objects[0]?.message).toBe(
      `StatefulSet ${osid} has 0 of 2 desired replicas in its live spec, and 0 are ready: set spec.replicas back, or change the desired number.`,
    );
    await access.admin.mergePatch(statefulSet(), { spec: { replicas: 1 } }, foreign);
    await harness.waitForStatus(osid, (one) => one.phase === 'degraded' && one.replicas?.ready === 1);
    harness.statuses.length = 0;
    await access.admin.mergePatch(statefulSet(), { spec: { replicas: 2 } }, foreign);
    await harness.waitForStatus(osid, (one) => one.phase === 'ready' && one.replicas?.ready === 2);
  });

  it('leaves no pod when the whole workload is missing', async () => {
    await access.admin.delete(statefulSet());
    const status = await harness.waitForStatus(osid, ({ phase }) => phase === 'failed');
    expect(status.replicas).toEqual({ desired: 1, ready: 0 });
    expect(status.objects[0]).toMatchObject({ kind: 'StatefulSet', state: 'failed', reason: 'Missing' });
  });

  it('leaves a custom resource with fewer instances than desired', async () => {
    osid = newOsid('postgresql');
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid, { replicas: 3 }), 'report'));
    const cluster = refIn(osid, 'postgresql.cnpg.io/v1', 'Cluster');
    await access.admin.mergePatch(cluster, { spec: { instances: 1 } }, foreign);
    const status = await harness.waitForStatus(osid, ({ phase }) => phase === 'degraded');
    expect(status.replicas?.desired).toBe(3);
  });

  it('is repaired once the policy is repair', async () => {
    await access.admin.mergePatch(statefulSet(), { spec: { replicas: 2 } }, foreign);
    await access.admin.delete(refIn(osid, 'v1', 'Service'));
    await harness.waitForDrift(osid, ({ object }) => object.kind === 'StatefulSet');
    await harness.waitForDrift(osid, ({ object }) => object.kind === 'Service');
    await harness.applyUntilReady(bundleOf(osid, 2, objects, 'repair'));
    expect(await replicas()).toBe(1);
    expect(await access.admin.find(refIn(osid, 'v1', 'Service'))).toBeDefined();
  });
});
