import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { type KubeObject, mapAt } from '@runos/kube-objects';
import { changingPolicy, enforcePolicy } from '@runos/testing-kube';
import { waitUntil } from '@runos/testing-process';
import type { Status } from '../src/status/plane-client.js';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, type Harness, useHarness } from './harness.js';

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
let removePolicy: () => Promise<unknown>;
const statefulSet = () => refIn(osid, 'apps/v1', 'StatefulSet');
const spec = async () => mapAt(await access.admin.get(statefulSet()), 'spec');
const conditionOf = ({ conditions }: Status, name: string) => conditions.find(({ type }) => type === name);
const isOverridden = (status: Status) => conditionOf(status, 'Applied')?.reason === 'Overridden';

useHarness((started) => ({ access, harness } = started), { blockedBackoff: () => 500 });

beforeEach(() => {
  osid = newOsid();
  removePolicy = () => Promise.resolve();
});

afterEach(() => removePolicy());

/** Admission changes one object of the instance; `patch` is a CEL list of JSONPatch. */
async function mutate(resource: string, object: string, patch: string, changes: () => Promise<boolean>): Promise<void> {
  removePolicy = await enforcePolicy(
    access.admin,
    changingPolicy(`mutate-${osid}`, { resource, object, patch }),
    changes,
  );
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
const oneReplica = '[JSONPatch{op: "replace", path: "/spec/replicas", value: 1}]';

describe('a field that an admission policy of the cluster changes', () => {
  it('is reported with what was sent and what is stored, and is applied when the policy is gone', async () => {
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
    await mutate('statefulsets', osid, oneReplica, isEnforced);
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
    await removePolicy();
    await harness.waitForStatus(osid, ({ phase, replicas }) => phase === 'ready' && replicas?.ready === 3);
    expect((await spec())['replicas']).toBe(3);
    expect(harness.drifts(osid)).toEqual([]);
  });

  it('is attempted again although the policy only reports drift, also after a foreign change', async () => {
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid), 'report'));
    await mutate('statefulsets', osid, oneReplica, isEnforced);
    await harness.controller.applyBundle(bundleOf(osid, 2, objectsOf(osid, { replicas: 3 }), 'report'));
    await harness.waitForStatus(osid, isOverridden);
    await access.admin.mergePatch(statefulSet(), { spec: { revisionHistoryLimit: 4 } }, { fieldManager: 'by-hand' });
    await waitUntil(async () => (await spec())['revisionHistoryLimit'] === 10, { because: () => 'it stays' });
    await removePolicy();
    await harness.waitForStatus(osid, ({ phase, replicas }) => phase === 'ready' && replicas?.ready === 3);
  });

  it('is found in the response to a create, and in a list item', async () => {
    const path = '/spec/template/spec/containers/0/image';
    const patch = `[JSONPatch{op: "replace", path: "${path}", value: "example.com/other"}]`;
    await mutate('statefulsets', osid, patch, async () => {
      const created = await access.admin.create(probe(osid), { dryRun: true });
      return JSON.stringify(created).includes('example.com/other');
    });
    await harness.controller.applyBundle(bundleOf(osid, 1, objectsOf(osid)));
    const status = await harness.waitForStatus(osid, isOverridden);
    expect(conditionOf(status, 'Applied')?.message).toContain(
      `spec.template.spec.containers[name=valkey].image of StatefulSet ${osid}: `,
    );
    await removePolicy();
    await harness.waitForStatus(osid, ({ phase }) => phase === 'ready');
  });

  it('never shows the value of a Secret', async () => {
    const name = `${osid}-credentials`;
    const value = Buffer.from('weak').toString('base64');
    const secret: KubeObject = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: 'default' },
      data: { password: 'eA==' },
    };
    const patch = `[JSONPatch{op: "replace", path: "/data/password", value: "${value}"}]`;
    await mutate('secrets', name, patch, async () => {
      const created = await access.admin.create(secret, { dryRun: true });
      return mapAt(created, 'data')['password'] === value;
    });
    await harness.controller.applyBundle(bundleOf(osid, 1, objectsOf(osid)));
    const { message } = conditionOf(await harness.waitForStatus(osid, isOverridden), 'Applied') ?? {};
    expect(message).toMatch(/^The cluster changes data\.password of Secret [\w-]+: Exempt/);
    await removePolicy();
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
