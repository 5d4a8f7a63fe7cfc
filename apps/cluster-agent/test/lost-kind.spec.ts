import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { fixedDelays } from '@runos/engine';
import type { KubeObject } from '@runos/kube-objects';
import { ownCluster } from '@runos/testing-kube';
import { waitUntil } from '@runos/testing-process';
import type { Status } from '../src/status/plane-client.js';
import { type AgentAccess, agentAccess } from './agent-access.js';
import { bundleOf, type Harness, newOsid, objectsOf, refIn, useHarness } from './harness.js';

/** Without the watch of definitions, the next attempt would not come in the time of a test. */
const attempts = fixedDelays([3_600_000]);
const crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  name: 'clusters.postgresql.cnpg.io',
};

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
let definition: KubeObject;

useHarness(
  (started) => ({ access, harness } = started),
  { blockedBackoff: attempts, informers: { backoff: attempts } },
  async () => agentAccess({ cluster: await ownCluster({ operators: ['cloudnative-pg'] }) }),
);

beforeAll(async () => {
  definition = await access.admin.get(crd);
});

beforeEach(async () => {
  osid = newOsid('postgresql');
  await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
});

async function removeDefinition(): Promise<void> {
  await access.admin.delete(crd);
  const isGone = async () => (await access.admin.find(crd)) === undefined;
  await waitUntil(isGone, { because: () => 'the definition still exists' });
}

async function restoreDefinition(): Promise<void> {
  const { spec } = definition;
  await access.admin.create({ ...definition, metadata: { name: crd.name }, spec, status: undefined });
}

const isLost = ({ phase, objects }: Status) =>
  phase === 'failed' && objects.some(({ kind, reason }) => kind === 'Cluster' && reason === 'NoKind');

async function expectLost(): Promise<void> {
  const lost = await harness.waitForStatus(osid, isLost);
  expect(lost.replicas).toEqual({ desired: 1, ready: 0 });
  const message = expect.stringMatching(
    /^The cluster has no kind Cluster in postgresql.cnpg.io\/v1: install the operator/,
  );
  expect(lost.objects).toContainEqual(
    expect.objectContaining({ kind: 'Cluster', state: 'failed', reason: 'NoKind', message }),
  );
  expect(lost.conditions).toContainEqual(
    expect.objectContaining({ type: 'Applied', status: 'False', reason: 'NoKind', message }),
  );
}

async function expectHealthySoon(): Promise<void> {
  harness.statuses.length = 0;
  const ready = await harness.waitForStatus(osid, ({ phase }) => phase === 'ready');
  expect(ready.replicas).toEqual({ desired: 1, ready: 1 });
  expect(await access.admin.find(refIn(osid, 'postgresql.cnpg.io/v1', 'Cluster'))).toBeDefined();
}

describe('an instance whose kind is removed from the cluster', () => {
  it('has no ready replica, names what to install, and is healthy soon after the return of the kind', async () => {
    await removeDefinition();
    await expectLost();
    await restoreDefinition();
    await expectHealthySoon();
    const actions = harness.drifts(osid).map(({ action, object }) => `${action} ${object.kind}`);
    expect(new Set(actions)).toEqual(new Set(['recreated Cluster']));
    await harness.removeUntilGone(osid);
  });

  it('is reported as lost by an agent that starts after the removal', async () => {
    const restarted = harness.restart(removeDefinition); // it has listed every kind only when that is back
    await expectLost();
    await restoreDefinition();
    await expectHealthySoon();
    await restarted;
    await harness.removeUntilGone(osid);
  });
});
