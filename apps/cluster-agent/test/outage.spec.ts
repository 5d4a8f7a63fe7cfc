import { describe, expect, it } from '@jest/globals';
import { mapAt } from '@runos/kube-objects';
import { ownCluster } from '@runos/testing-kube';
import { waitUntil } from '@runos/testing-process';
import { type AgentAccess, agentAccess } from './agent-access.js';
import { bundleOf, type Harness, newOsid, objectsOf, refIn, useHarness } from './harness.js';

let cluster: Awaited<ReturnType<typeof ownCluster>>;
let access: AgentAccess;
let harness: Harness;

useHarness(
  (started) => ({ access, harness } = started),
  { informers: { backoff: () => 100 } },
  async () => {
    cluster = await ownCluster({ operators: [] });
    return agentAccess({ cluster });
  },
);

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
    await waitUntil(() => edit().then(Boolean, () => false), { because: () => 'the API server is still unavailable' });
    await harness.waitForDrift(
      existing,
      ({ manager, fields }) => manager === 'other-operator' && fields[0] === 'spec.replicas',
    );
    expect(mapAt(await access.admin.get(set), 'spec')['replicas']).toBe(1);
    await harness.applyUntilReady(bundleOf(created, 1, objectsOf(created)));
  });
});
