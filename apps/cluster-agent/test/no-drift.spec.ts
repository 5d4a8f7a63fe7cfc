import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { mapAt } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import { contentHash } from '../src/drift/drift-report.js';
import { type AgentAccess, agentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, Harness } from './harness.js';

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
const foreign = { fieldManager: 'other-operator' };
const statefulSet = () => refIn(osid, 'apps/v1', 'StatefulSet');
const config = () => refIn(osid, 'v1', 'ConfigMap', `${osid}-config`);

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
  await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
});

/** Causes a real drift. Once it is reported, all earlier events have been handled. */
async function onlyTheBarrier(): Promise<void> {
  await access.admin.mergePatch(config(), { data: { 'start.sh': 'exit 1' } }, { fieldManager: 'barrier' });
  await harness.waitForDrift(osid, ({ manager }) => manager === 'barrier');
  expect(harness.drifts(osid).map(({ manager }) => manager)).toEqual(['barrier']);
}

describe('no drift', () => {
  it('are foreign annotations, labels and fields', async () => {
    const foreignFields = {
      metadata: { annotations: { 'example.com/note': 'kept' }, labels: { team: 'blue' } },
      spec: { minReadySeconds: 7, template: { metadata: { annotations: { 'example.com/sidecar': 'on' } } } },
    };
    await access.admin.mergePatch(statefulSet(), foreignFields, foreign);
    await onlyTheBarrier();
    expect(await access.admin.get(statefulSet())).toMatchObject(foreignFields);
  });

  it('is a foreign change of a default', async () => {
    const setTo = (dnsPolicy: string) => ({ spec: { template: { spec: { dnsPolicy } } } });
    await access.admin.mergePatch(statefulSet(), setTo('Default'), foreign);
    await onlyTheBarrier();
    await access.admin.mergePatch(statefulSet(), setTo('ClusterFirstWithHostNet'), foreign);
    await harness.applyUntilReady(bundleOf(osid, 2, objectsOf(osid, { replicas: 2 })));
    expect(await access.admin.get(statefulSet())).toMatchObject(setTo('ClusterFirstWithHostNet'));
    expect(harness.drifts(osid)).toHaveLength(1);
  });

  it('is a field that another manager owns too, with our value', async () => {
    const { apiVersion, kind } = statefulSet();
    const same = { apiVersion, kind, metadata: { name: osid, namespace: osid }, spec: { replicas: 1 } };
    await access.admin.apply(same, foreign);
    await onlyTheBarrier();
  });

  it('is the same quantity in another notation', async () => {
    const steps = [
      { op: 'replace' as const, path: '/spec/template/spec/containers/0/resources/limits/cpu', value: '0.5' },
    ];
    await access.admin.jsonPatch(statefulSet(), steps, foreign);
    await onlyTheBarrier();
  });

  it('are cleared managedFields, and a later change is still detected', async () => {
    const managers = async () =>
      (await access.admin.get(config())).metadata.managedFields?.map(({ manager }) => manager);
    await access.admin.mergePatch(config(), { metadata: { managedFields: [{}] } }, foreign);
    const ours = async () => JSON.stringify(await managers()) === '["runos"]';
    await waitUntil(ours, { deadlineMs: 4_000, everyMs: 10, because: () => 'managedFields were not restored' });
    await onlyTheBarrier();
    expect(await managers()).toEqual(['runos']);
  });

  it('are defaults of the CloudNativePG custom resource definition', async () => {
    const postgresql = newOsid('postgresql');
    const objects = objectsOf(postgresql);
    await harness.applyUntilReady(bundleOf(postgresql, 1, objects));
    const cluster = refIn(postgresql, 'postgresql.cnpg.io/v1', 'Cluster');
    expect(mapAt(await access.admin.get(cluster), 'spec')['postgresGID']).toBe(26);
    await access.admin.mergePatch(cluster, { spec: { instances: 3 } }, foreign);
    const found = await harness.waitForDrift(postgresql, () => true);
    expect(found).toMatchObject({ manager: 'other-operator', fields: ['spec.instances'] });
    for (const desired of objects) {
      const ref = refIn(postgresql, desired.apiVersion, desired.kind, desired.metadata.name);
      const applied = await access.agent.apply(desired, { dryRun: true });
      expect(contentHash(applied)).toBe(contentHash(await access.admin.get(ref)));
    }
  });
});
