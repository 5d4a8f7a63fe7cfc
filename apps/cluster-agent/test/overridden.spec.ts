import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { type KubeObject, mapAt, refOf } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import type { Status } from '../src/status/plane-client.js';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, type Harness, useHarness } from './harness.js';

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
let policies: KubeObject[];
const statefulSet = () => refIn(osid, 'apps/v1', 'StatefulSet');
const spec = async () => mapAt(await access.admin.get(statefulSet()), 'spec');
const conditionOf = ({ conditions }: Status, name: string) => conditions.find(({ type }) => type === name);
const isOverridden = (status: Status) => conditionOf(status, 'Applied')?.reason === 'Overridden';

useHarness((started) => ({ access, harness } = started), { blockedBackoff: () => 500 });

beforeEach(() => {
  osid = newOsid();
  policies = [];
});

afterEach(removePolicies);

/** A mutating admission policy for one kind of object of the instance; `patch` is a CEL list of JSONPatch. */
async function mutate(resource: string, name: string, patch: string): Promise<void> {
  const admission = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: `mutate-${osid}` } };
  const rule = { apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources: [resource] };
  const policy = {
    ...admission,
    kind: 'MutatingAdmissionPolicy',
    spec: {
      matchConstraints: { resourceRules: [rule] },
      matchConditions: [{ name: 'of-the-test', expression: `object.metadata.name == '${name}'` }],
      failurePolicy: 'Fail',
      reinvocationPolicy: 'Never',
      mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: patch } }],
    },
  };
  const binding = { ...admission, kind: 'MutatingAdmissionPolicyBinding', spec: { policyName: `mutate-${osid}` } };
  for (const object of [policy, binding]) policies.push(await access.admin.create(object));
}

async function removePolicies(): Promise<void> {
  await Promise.all(policies.splice(0).map((object) => access.admin.delete(refOf(object))));
}

const probe = (name: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name, namespace: 'default' },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: name } },
    serviceName: name,
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'x', image: 'x' }] } },
  },
});
const isEnforced = async () =>
  mapAt(await access.admin.create(probe(osid), { dryRun: true }), 'spec')['replicas'] === 1;
const untilEnforced = (expected: boolean) =>
  waitUntil(async () => (await isEnforced()) === expected, { deadlineMs: 20_000, because: () => 'the policy stays' });
const oneReplica = '[JSONPatch{op: "replace", path: "/spec/replicas", value: 1}]';

describe('a field that an admission policy of the cluster changes', () => {
  it('is reported with what was sent and what is stored, and is applied when the policy is gone', async () => {
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
    await mutate('statefulsets', osid, oneReplica);
    await untilEnforced(true);
    harness.notAcknowledging.add(osid); // so that a new agent reports it again
    await harness.controller.applyBundle(bundleOf(osid, 2, objectsOf(osid, { replicas: 3 })));
    const status = await harness.waitForStatus(osid, isOverridden);
    const message = `The cluster changes spec.replicas of StatefulSet ${osid}: 3 was sent, 1 is stored. Exempt the namespace from the mutating admission policy or webhook that changes it, or request that value.`;
    expect(conditionOf(status, 'Applied')).toMatchObject({ status: 'False', message });
    expect(status).toMatchObject({ phase: 'applying', generation: 2, replicas: { desired: 3, ready: 1 } });
    expect(status.objects[0]).toMatchObject({ kind: 'StatefulSet', state: 'degraded', reason: 'Overridden', message });
    expect((await spec())['replicas']).toBe(1);
    // Retries report nothing new, and a new agent neither takes it for applied.
    const reported = () => harness.statuses.filter((each) => each.osid === osid).length;
    const before = reported();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(reported()).toBe(before);
    await harness.restart();
    await harness.waitForStatus(osid, isOverridden);
    await removePolicies();
    await harness.waitForStatus(osid, ({ phase, replicas }) => phase === 'ready' && replicas?.ready === 3);
    expect((await spec())['replicas']).toBe(3);
    expect(harness.drifts(osid)).toEqual([]);
  });

  it('is attempted again although the policy only reports drift, also after a foreign change', async () => {
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid), 'report'));
    await mutate('statefulsets', osid, oneReplica);
    await untilEnforced(true);
    await harness.controller.applyBundle(bundleOf(osid, 2, objectsOf(osid, { replicas: 3 }), 'report'));
    await harness.waitForStatus(osid, isOverridden);
    await access.admin.mergePatch(statefulSet(), { spec: { revisionHistoryLimit: 4 } }, { fieldManager: 'by-hand' });
    await waitUntil(async () => (await spec())['revisionHistoryLimit'] === 10, {
      deadlineMs: 10_000,
      because: () => 'it stays',
    });
    await removePolicies();
    await harness.waitForStatus(osid, ({ phase, replicas }) => phase === 'ready' && replicas?.ready === 3);
  });

  it('is found in the response to a create, and in a list item', async () => {
    await mutate(
      'statefulsets',
      osid,
      '[JSONPatch{op: "replace", path: "/spec/template/spec/containers/0/image", value: "example.com/other"}]',
    );
    await waitUntil(
      async () =>
        JSON.stringify(await access.admin.create(probe(osid), { dryRun: true })).includes('example.com/other'),
      { deadlineMs: 20_000, because: () => 'the policy is not enforced' },
    );
    await harness.controller.applyBundle(bundleOf(osid, 1, objectsOf(osid)));
    const status = await harness.waitForStatus(osid, isOverridden);
    expect(conditionOf(status, 'Applied')?.message).toContain(
      `spec.template.spec.containers[name=valkey].image of StatefulSet ${osid}: `,
    );
    await removePolicies();
    await harness.waitForStatus(osid, ({ phase }) => phase === 'ready');
  });

  it('never shows the value of a Secret', async () => {
    const name = `${osid}-credentials`;
    const value = Buffer.from('weak').toString('base64');
    await mutate('secrets', name, `[JSONPatch{op: "replace", path: "/data/password", value: "${value}"}]`);
    const secret: KubeObject = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: 'default' },
      data: { password: 'eA==' },
    };
    await waitUntil(
      async () => mapAt(await access.admin.create(secret, { dryRun: true }), 'data')['password'] === value,
      { deadlineMs: 20_000, because: () => 'the policy is not enforced' },
    );
    await harness.controller.applyBundle(bundleOf(osid, 1, objectsOf(osid)));
    const { message } = conditionOf(await harness.waitForStatus(osid, isOverridden), 'Applied') ?? {};
    expect(message).toMatch(/^The cluster changes data\.password of Secret [\w-]+: Exempt/);
    await removePolicies();
    await harness.waitForStatus(osid, ({ phase }) => phase === 'ready');
  });

  it.each(['postgresql', 'rabbitmq', 'valkey'])(
    'is not found where Kubernetes only adds defaults: %s',
    async (type) => {
      osid = newOsid(type);
      const versions: Record<string, string> = { rabbitmq: '4.0' };
      const changes = versions[type] === undefined ? {} : { version: versions[type] };
      await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid, changes)));
      await harness.applyUntilReady(bundleOf(osid, 2, objectsOf(osid, { ...changes, cpuLimitMc: 700 })));
      expect(harness.statuses.filter((status) => status.osid === osid).some(isOverridden)).toBe(false);
    },
  );
});
