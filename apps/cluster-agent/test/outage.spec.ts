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
  access = await agentAccess({ cluster });
  harness = await new Harness(access, { informers: { backoff: () => 100 } }).start();
}, 900_000);

afterAll(async () => {
  await harness?.stop();
  await access?.stop();
});

describe('during an outage of the API server', () => {
  it('bundles are not accepted, and reconciles continue when it has ended', async () => {
    const [existing, created] = [newOsid(), newOsid()];
    await harness.applyUntilReady(bundleOf(existing, 1, objectsOf(existing)));
    const server = cluster.components.get('kube-apiserver');
    await server?.stop();
    await expect(harness.controller.applyBundle(bundleOf(created, 1, objectsOf(created)))).rejects.toThrow();
    expect(harness.controller.instances.get(created)).toBeUndefined();
    await server?.start();
    const set = refIn(existing, 'apps/v1', 'StatefulSet');
    const edit = () => access.admin.mergePatch(set, { spec: { replicas: 2 } }, { fieldManager: 'other-operator' });
    await waitUntil(() => edit().then(Boolean, () => false), {
      deadlineMs: 30_000,
      because: () => 'the API server is still unavailable',
    });
    await harness.waitForDrift(
      existing,
      ({ manager, fields }) => manager === 'other-operator' && fields[0] === 'spec.replicas',
    );
    expect(mapAt(await access.admin.get(set), 'spec')['replicas']).toBe(1);
    await harness.applyUntilReady(bundleOf(created, 1, objectsOf(created)));
  }, 120_000);
});
