import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { type KubeObject, mapAt, mapsIn } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import { contentHash } from '../src/drift/drift-report.js';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, type Harness, useHarness } from './harness.js';

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
const foreign = { fieldManager: 'other-operator' };
const statefulSet = () => refIn(osid, 'apps/v1', 'StatefulSet');
const config = () => refIn(osid, 'v1', 'ConfigMap', `${osid}-config`);

useHarness((started) => ({ access, harness } = started));

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

/** A policy that adds a container to the StatefulSets of one instance on every write. */
function sidecarInjection(name: string): KubeObject[] {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const namespaceSelector = { matchLabels: { 'runos.com/osid': name } };
  const rule = {
    apiGroups: ['apps'],
    apiVersions: ['v1'],
    resources: ['statefulsets'],
    operations: ['CREATE', 'UPDATE'],
  };
  const at = 'Object.spec.template.spec.containers';
  const security = `allowPrivilegeEscalation: false, capabilities: ${at}.securityContext.capabilities{drop: ["ALL"]}`;
  const mesh = `${at}{name: "mesh", image: "example.com/mesh", securityContext: ${at}.securityContext{${security}}}`;
  const expression = `[JSONPatch{op: "add", path: "/spec/template/spec/containers/-", value: ${mesh}}]`;
  return [
    {
      apiVersion,
      kind: 'MutatingAdmissionPolicy',
      metadata: { name },
      spec: {
        reinvocationPolicy: 'Never',
        matchConstraints: { namespaceSelector, resourceRules: [rule] },
        matchConditions: [
          { name: 'once', expression: "!object.spec.template.spec.containers.exists(c, c.name == 'mesh')" },
        ],
        mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
      },
    },
    { apiVersion, kind: 'MutatingAdmissionPolicyBinding', metadata: { name }, spec: { policyName: name } },
  ];
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

  it('is a restart by kubectl, and what a controller of Kubernetes adds', async () => {
    const at = { 'kubectl.kubernetes.io/restartedAt': '2030-01-01T00:00:00Z' };
    const restart = { spec: { template: { metadata: { annotations: at } } } };
    await access.admin.mergePatch(statefulSet(), restart, { fieldManager: 'kubectl-rollout' });
    await access.admin.mergePatch(config(), { data: { extra: 'x' } }, { fieldManager: 'kube-controller-manager' });
    await onlyTheBarrier();
    expect(await access.admin.get(statefulSet())).toMatchObject(restart);
    expect(mapAt(await access.admin.get(config()), 'data')['extra']).toBe('x');
  });

  it('is what admission adds to an exclusive field, as a service mesh does', async () => {
    const injection = sidecarInjection(osid);
    for (const object of injection) await access.admin.create(object);
    try {
      const note = { metadata: { annotations: { 'example.com/note': 'x' } } };
      const containers = async () => {
        const live = await access.admin.mergePatch(statefulSet(), note, foreign);
        return mapsIn(mapAt(live, 'spec', 'template', 'spec')['containers']).map(({ name }) => name);
      };
      const isInjected = async () => (await containers()).includes('mesh');
      await waitUntil(isInjected, { everyMs: 100, because: () => 'the policy is not enforced' });
      await onlyTheBarrier();
      await harness.applyUntilReady(bundleOf(osid, 2, objectsOf(osid, { replicas: 2 })));
      expect([...(await containers())].sort()).toEqual(['mesh', 'valkey']);
      expect(harness.drifts(osid)).toHaveLength(1);
    } finally {
      for (const { apiVersion, kind, metadata } of injection) {
        await access.admin.delete({ apiVersion, kind, name: metadata.name });
      }
    }
  });

  it('are cleared managedFields, and a later change is still detected', async () => {
    const managers = async () =>
      (await access.admin.get(config())).metadata.managedFields?.map(({ manager }) => manager);
    await access.admin.mergePatch(config(), { metadata: { managedFields: [{}] } }, foreign);
    const ours = async () => JSON.stringify(await managers()) === '["runos"]';
    await waitUntil(ours, { everyMs: 10, because: () => 'managedFields were not restored' });
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
