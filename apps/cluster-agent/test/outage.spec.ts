import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mapAt } from '@runos/kube-objects';
import { ownCluster } from '@runos/testing-kube';
import { waitUntil } from '@runos/testing-process';
import { type AgentAccess, agentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, Harness } from './harness.js';

let cluster: Awaited<ReturnType<typeof ownCluster>>;
let access: AgentAccess;
let harness: Harness;

beforeAll(async () => {
  cluster = await ownCluster();
  access = await agentAccess(cluster);
  harness = await new Harness(access, { informers: { backoff: () => 100 } }).start();
}, 900_000);

afterAll(async () => {
  await harness?.stop();
  await access?.stop();
});

describe('when the API server is gone for a while', () => {
  it('nothing is promised, and everything goes on by itself when it is back', async () => {
    const [old, fresh] = [newOsid(), newOsid()];
    await harness.applyUntilReady(bundleOf(old, 1, objectsOf(old)));
    const server = cluster.components.get('kube-apiserver');
    await server?.stop();
    await expect(harness.controller.applyBundle(bundleOf(fresh, 1, objectsOf(fresh)))).rejects.toThrow();
    expect(harness.controller.instances.get(fresh)).toBeUndefined();
    await server?.start();
    const set = refIn(old, 'apps/v1', 'StatefulSet');
    const edit = () => access.admin.mergePatch(set, { spec: { replicas: 2 } }, { fieldManager: 'night-shift' });
    await waitUntil(() => edit().then(Boolean, () => false), { deadlineMs: 30_000, because: () => 'it is not back' });
    await harness.waitForDrift(
      old,
      ({ manager, fields }) => manager === 'night-shift' && fields[0] === 'spec.replicas',
    );
    expect(mapAt(await access.admin.get(set), 'spec')['replicas']).toBe(1);
    await harness.applyUntilReady(bundleOf(fresh, 1, objectsOf(fresh)));
  }, 120_000);
});
