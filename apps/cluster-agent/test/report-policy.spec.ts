import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { type KubeObject, mapAt } from '@runos/kube-objects';
import { type AgentAccess, agentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, Harness } from './harness.js';
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

beforeAll(async () => {
  access = await agentAccess();
  harness = await new Harness(access).start();
}, 900_000);

afterAll(async () => {
  await harness?.stop();
  await access?.stop();
});

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
    await harness.waitForStatus(osid, ({ replicas: count }) => count?.desired === 2 && count.ready === 2);
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
