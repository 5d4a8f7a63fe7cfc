import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { bearer, KubeClient } from '@runos/kube-client';
import { type KubeObject, mapAt, type ObjectRef, refOf } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import { secretBinding } from '../src/secrets/secret-binding.js';
import { type AgentAccess, agentAccess, refusal } from './agent-access.js';
import { bundleOf, Harness, newOsid, objectsOf, refIn } from './harness.js';

let access: AgentAccess;
let harness: Harness;
let probe: KubeClient;
let osid: Bundle['osid'];
let objects: KubeObject[];

const binding = (): ObjectRef => refOf(secretBinding(access.namespace, osid));
const secret = (): ObjectRef => refIn(osid, 'v1', 'Secret', `${osid}-credentials`);
const exists = async (ref: ObjectRef) => (await access.admin.find(ref)) !== undefined;
const until = (holds: () => Promise<boolean>, what: string) =>
  waitUntil(holds, { everyMs: 10, because: () => `${what} did not happen` });

/** RBAC has noticed that the agent lost its right. Another client sends the request: that of the agent would obtain it. */
const isForbidden = async () => (await refusal(probe.get(secret())).catch(() => '')) !== '';
const untilForbidden = () => until(isForbidden, 'the loss of the right');

/** A person changes the password; resolves when the agent has restored it. Only a watch of the Secrets makes it do so. */
async function repairOfSecret(): Promise<void> {
  const { password } = mapAt(await access.admin.get(secret()), 'data');
  await access.admin.mergePatch(secret(), { data: { password: 'Z3Vlc3NlZA==' } }, { fieldManager: 'kubectl' });
  await until(async () => mapAt(await access.admin.get(secret()), 'data')['password'] === password, 'the repair');
}

/** What was reported of refusals: none, while RBAC or new manifests take effect. */
const refusals = () =>
  harness.statuses.filter(
    ({ objects: states, conditions }) =>
      states.some(({ reason }) => reason === 'Forbidden') ||
      conditions.some(({ type, status }) => type === 'Observed' && status === 'False'),
  );

/** What Kubernetes changes when it restarts the pods of an instance. */
async function workload() {
  const { metadata, status } = (await access.admin.get(refIn(osid, 'apps/v1', 'StatefulSet'))) as KubeObject & {
    status: { updateRevision: string };
  };
  return {
    uid: metadata.uid,
    generation: (metadata as { generation?: number }).generation,
    revision: status.updateRevision,
  };
}

beforeAll(async () => {
  access = await agentAccess();
  probe = new KubeClient({ ...access.cluster, ...bearer(access.token) });
}, 900_000);
afterAll(async () => {
  await probe?.close();
  await access?.stop();
});
beforeEach(async () => {
  osid = newOsid();
  objects = objectsOf(osid);
  harness = await new Harness(access).start();
});
afterEach(() => harness.stop());

describe('the Secrets of an instance', () => {
  it('are opened to the agent after the namespace, and closed with it', async () => {
    await harness.applyUntilReady(bundleOf(osid, 1, objects));
    expect(await exists(binding())).toBe(true);
    expect(refusals()).toEqual([]);
    expect(harness.drifts(osid)).toEqual([]);
    await repairOfSecret();
    await harness.removeUntilGone(osid);
    expect(refusals()).toEqual([]);
    expect(await refusal(probe.get(secret()))).toContain('cannot get');
  });

  it('are opened again when a person deleted the RoleBinding, or gave it to others', async () => {
    await harness.applyUntilReady(bundleOf(osid, 1, objects));
    await access.admin.delete(binding());
    await untilForbidden();
    await repairOfSecret();
    expect(await exists(binding())).toBe(true);
    const other = { kind: 'ServiceAccount', name: 'other', namespace: 'default' };
    await access.admin.mergePatch(binding(), { subjects: [other] });
    await untilForbidden();
    await access.admin.delete(secret());
    await until(() => exists(secret()), 'the recreation');
    expect((await access.admin.get(binding()))['subjects']).toMatchObject([{ name: 'cluster-agent' }]);
    expect(refusals()).toEqual([]);
  });

  it('are opened again when a person deleted the namespace', async () => {
    await harness.applyUntilReady(bundleOf(osid, 1, objects));
    const namespace = refIn(osid, 'v1', 'Namespace');
    const { uid } = (await access.admin.get(namespace)).metadata;
    await access.admin.delete(namespace);
    const isNew = async () => ![uid, undefined].includes((await access.admin.find(namespace))?.metadata.uid);
    await until(isNew, 'the recreation of the namespace');
    await until(() => exists(secret()), 'the recreation of the secret');
    await repairOfSecret();
    expect(refusals()).toEqual([]);
  });

  it('stay closed in a foreign namespace that has the name of the instance', async () => {
    await access.admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: osid } });
    await access.admin.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: `${osid}-credentials`, namespace: osid },
    });
    await harness.controller.applyBundle(bundleOf(osid, 1, objects));
    await harness.waitForStatus(osid, ({ phase }) => phase === 'failed');
    expect(await exists(binding())).toBe(false);
    expect(await refusal(probe.get(secret()))).toContain('cannot get');
  });

  it('are compared by a diff also before the namespace exists', async () => {
    const { objects: diffs } = await harness.controller.diffBundle(bundleOf(osid, 1, objects));
    expect(diffs.map(({ object }) => object.kind)).toContain('Secret');
  });
});

describe('an upgrade from a version with rights on the Secrets of the whole cluster', () => {
  const rbac = 'rbac.authorization.k8s.io/v1';
  const clusterRole = (): ObjectRef => ({
    apiVersion: rbac,
    kind: 'ClusterRole',
    name: `${access.namespace}-cluster-agent`,
  });

  it('opens the Secrets of all instances at the start of the new agent, and restarts nothing', async () => {
    await harness.applyUntilReady(bundleOf(osid, 1, objects));
    const before = await workload();
    await harness.restart(async () => {
      await access.admin.delete(binding());
      await untilForbidden();
    });
    await until(() => exists(binding()), 'the RoleBinding');
    await repairOfSecret();
    expect(await workload()).toEqual(before);
    expect(refusals()).toEqual([]);
  });

  it('works with the new agent before the new manifests too', async () => {
    const { rules: newRules } = (await access.admin.get(clusterRole())) as KubeObject & { rules: Rule[] };
    const withoutBinding = newRules.filter(({ apiGroups }) => !apiGroups.includes('rbac.authorization.k8s.io'));
    const secrets = { apiGroups: [''], resources: ['secrets'], verbs: ['*'] };
    await access.admin.mergePatch(clusterRole(), { rules: [...withoutBinding, secrets] });
    await until(async () => {
      const attempt = probe.list({ apiVersion: 'v1', kind: 'Secret', namespace: 'default' });
      return attempt.then(
        () => true,
        () => false,
      );
    }, 'the older role');
    try {
      await harness.applyUntilReady(bundleOf(osid, 1, objects));
      expect(await exists(binding())).toBe(false);
      await repairOfSecret();
    } finally {
      await access.admin.mergePatch(clusterRole(), { rules: newRules });
    }
    const before = await workload();
    // A late reconcile of the repair may bind the role at once.
    await until(async () => (await exists(binding())) || (await isForbidden()), 'the new role');
    await access.admin.delete(secret());
    await until(() => exists(secret()), 'the recreation');
    expect(await exists(binding())).toBe(true);
    expect(await workload()).toEqual(before);
    expect(refusals()).toEqual([]);
  });
});

interface Rule {
  readonly apiGroups: readonly string[];
}
