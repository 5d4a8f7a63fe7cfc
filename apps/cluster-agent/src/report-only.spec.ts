import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { type KubeObject, mapAt } from '@runos/kube-objects';
import { type AgentAccess, agentAccess } from '../test/spec-access.js';
import { bundleOf, newOsid, objectsOf, refIn, SpecExecutor } from '../test/spec-executor.js';
import type { Status } from './status/status.js';

let access: AgentAccess;
let spec: SpecExecutor;
let osid: Bundle['osid'];
let objects: KubeObject[];
const night = { fieldManager: 'night-shift' };
const statefulSet = () => refIn(osid, 'apps/v1', 'StatefulSet');
const replicas = async () => mapAt(await access.admin.get(statefulSet()), 'spec')['replicas'];
const drifted =
  (reason: string) =>
  ({ conditions }: Status) =>
    conditions.some((one) => one.type === 'Drifted' && one.reason === reason);

beforeAll(async () => {
  access = await agentAccess();
  spec = await new SpecExecutor(access).start();
}, 900_000);

afterAll(async () => {
  await spec?.stop();
  await access?.stop();
});

beforeEach(async () => {
  osid = newOsid();
  objects = objectsOf(osid);
  await spec.up(bundleOf(osid, 1, objects, 'report'));
});

describe('drift that is only reported', () => {
  it('stays, is told once with manager and field, and is over when its author undoes it', async () => {
    await access.admin.mergePatch(statefulSet(), { spec: { replicas: 2 } }, night);
    const found = await spec.drift(osid, () => true);
    expect(found).toMatchObject({ manager: 'night-shift', fields: ['spec.replicas'], action: 'reported' });
    await access.admin.mergePatch(statefulSet(), { metadata: { annotations: { 'example.com/note': 'x' } } }, night);
    const told = await spec.status(osid, drifted('Reported'));
    expect(told.conditions.find(({ type }) => type === 'Drifted')?.message).toContain(
      `spec.replicas of StatefulSet ${osid}`,
    );
    await spec.status(osid, ({ replicas: count }) => count?.desired === 2 && count.ready === 2);
    expect(spec.drifts(osid)).toHaveLength(1);
    spec.statuses.length = 0;
    await access.admin.mergePatch(statefulSet(), { spec: { replicas: 1 } }, night);
    await spec.status(osid, drifted('AsWanted'));
  });

  it('is a missing object, which is not made again', async () => {
    await access.admin.delete(refIn(osid, 'v1', 'Service'));
    await spec.drift(osid, ({ action, object }) => action === 'reported' && object.kind === 'Service');
    const told = await spec.status(osid, ({ phase }) => phase === 'degraded');
    expect(told.objects[0]).toMatchObject({ kind: 'Service', state: 'failed', reason: 'Missing' });
    expect(await access.admin.find(refIn(osid, 'v1', 'Service'))).toBeUndefined();
    // Somebody makes it again as it was.
    spec.statuses.length = 0;
    await access.admin.apply(objects.find((one) => one.metadata.name === osid && one.kind === 'Service') as KubeObject);
    await spec.status(osid, (status) => status.phase === 'ready' && drifted('AsWanted')(status));
  });

  it('is undone once the policy says so', async () => {
    await access.admin.mergePatch(statefulSet(), { spec: { replicas: 2 } }, night);
    await access.admin.delete(refIn(osid, 'v1', 'Service'));
    await spec.drift(osid, ({ object }) => object.kind === 'StatefulSet');
    await spec.drift(osid, ({ object }) => object.kind === 'Service');
    await spec.up(bundleOf(osid, 2, objects, 'repair'));
    expect(await replicas()).toBe(1);
    expect(await access.admin.find(refIn(osid, 'v1', 'Service'))).toBeDefined();
  });
});
