import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, type Harness, useHarness } from './harness.js';

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
const statefulSet = () => refIn(osid, 'apps/v1', 'StatefulSet');
const config = () => refIn(osid, 'v1', 'ConfigMap', `${osid}-config`);
const isAddition = ({ action }: { action: string }) => action === 'added';
const additions = () => harness.additions(osid);
const edit = (ref: ReturnType<typeof statefulSet>, body: object, fieldManager = 'by-hand') =>
  access.admin.mergePatch(ref, body, { fieldManager });

useHarness((started) => ({ access, harness } = started));

beforeEach(async () => {
  osid = newOsid();
  await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
});

/** A real drift was reported, so all earlier events were handled. */
async function barrier(): Promise<void> {
  await edit(config(), { data: { 'start.sh': `# ${Math.random()}` } }, 'barrier');
  await harness.waitForDrift(osid, ({ manager }) => manager === 'barrier');
}

describe('an addition outside exclusive fields', () => {
  it('stays and is reported once per manager and field, also after a restart of the agent', async () => {
    const added = {
      metadata: { labels: { team: 'blue' } },
      spec: { minReadySeconds: 7, template: { spec: { affinity: { nodeAffinity: {} }, priorityClassName: '' } } },
    };
    await edit(statefulSet(), added);
    const found = await harness.waitForDrift(osid, isAddition);
    expect(found).toMatchObject({ manager: 'by-hand', object: { kind: 'StatefulSet', name: osid } });
    expect([...found.fields].sort()).toEqual(
      expect.arrayContaining(['metadata.labels.team', 'spec.minReadySeconds', 'spec.template.spec.affinity']),
    );
    await edit(statefulSet(), { spec: { minReadySeconds: 8 } });
    await barrier();
    expect(additions()).toEqual([found]);
    await harness.waitForStatus(osid, ({ phase, drift }) => phase === 'ready' && drift === undefined);
    await harness.restart();
    await barrier();
    expect(additions()).toEqual([]);
    await edit(statefulSet(), { metadata: { annotations: { 'example.com/note': 'x' } } });
    expect(await harness.waitForDrift(osid, isAddition)).toMatchObject({
      fields: ['metadata.annotations["example.com/note"]'],
    });
    expect(await access.admin.get(statefulSet())).toMatchObject({ spec: { minReadySeconds: 8 } });
  });

  it('is none of a restart by kubectl, a scaling, a default, or a controller of Kubernetes', async () => {
    const restartedAt = { 'kubectl.kubernetes.io/restartedAt': '2030-01-01T00:00:00Z' };
    await edit(statefulSet(), { spec: { template: { metadata: { annotations: restartedAt } } } }, 'kubectl-rollout');
    await edit(statefulSet(), { metadata: { annotations: { note: 'x' } } }, 'kube-controller-manager');
    await edit(statefulSet(), { spec: { replicas: 2 } }, 'scaler');
    await harness.waitForDrift(osid, ({ manager }) => manager === 'scaler');
    await barrier();
    expect(additions()).toEqual([]);
  });

  it('is none of a writer that the user names, and of the operator of a custom resource', async () => {
    const postgresql = newOsid('postgresql');
    const writer = { manager: 'mesh', kind: 'Cluster', fields: ['spec.monitoring'] };
    const bundle = { ...bundleOf(postgresql, 1, objectsOf(postgresql)), allowedWriters: [writer] };
    await harness.applyUntilReady(bundle);
    const cluster = refIn(postgresql, 'postgresql.cnpg.io/v1', 'Cluster');
    await edit(cluster, { spec: { monitoring: { enablePodMonitor: true } } }, 'mesh');
    await edit(cluster, { metadata: { annotations: { 'cnpg.io/note': 'x' } } }, 'manager');
    await edit(cluster, { spec: { description: 'by hand' } });
    const found = await harness.waitForDrift(postgresql, isAddition);
    expect(found.fields).toEqual(['spec.description']);
    expect(harness.additions(postgresql)).toEqual([found]);
    expect(harness.drifts(postgresql)).toEqual([]);
  });
});

describe('an addition beside drift that is only reported', () => {
  it('is reported too, apart from it', async () => {
    await harness.applyUntilReady(bundleOf(osid, 2, objectsOf(osid), 'report'));
    await edit(statefulSet(), { spec: { replicas: 2, minReadySeconds: 7 } });
    await harness.waitForDrift(osid, ({ action }) => action === 'reported');
    await harness.waitForDrift(osid, isAddition);
    expect(harness.drifts(osid)).toMatchObject([{ fields: ['spec.replicas'], action: 'reported' }]);
    expect(additions()).toMatchObject([{ fields: ['spec.minReadySeconds'], manager: 'by-hand' }]);
  });
});
