import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { type CustomKind, packKinds } from '@runos/kube-kinds';
import { type KubeObject, labelsOf, packObjects, refOf } from '@runos/kube-objects';
import { kubeRequest } from '@runos/testing-kube';
import { type AgentAccess, useAccess } from './agent-access.js';
import { Harness, newOsid } from './harness.js';

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];

/** The rules of a kind that no build of the agent knows: ready from a revision on, and failed with a message. */
const certificateKind = (readyRevision: number): CustomKind => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  resource: 'certificates',
  immutablePolicy: 'recreate',
  holdsData: false,
  variables: [{ name: 'revision', expression: 'int(self.?status.?revision.orValue(0))' }],
  health: [
    {
      when: `variables.revision >= ${readyRevision}`,
      state: 'ready',
      reason: "'Issued'",
      message: "''",
    },
    {
      when: 'true',
      state: 'progressing',
      reason: "'WaitingForRevision'",
      message: `'It has revision ' + string(variables.revision) + ' of ${readyRevision}.'`,
    },
  ],
});

const certificate = (): KubeObject => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { name: osid, namespace: osid, labels: labelsOf({ osid, aid: 'aaaaa', cid: 'demo' }) },
  spec: { secretName: 'tls', dnsNames: ['example.com'], issuerRef: { name: 'ca' } },
});

function bundleWith(kind: CustomKind, revision = 1): Bundle {
  const labels = labelsOf({ osid, aid: 'aaaaa', cid: 'demo' });
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: osid, labels } };
  const { objectsGz, digest } = packObjects([namespace, certificate()]);
  return { osid, generation: revision, revision, digest, driftPolicy: 'repair', objectsGz, ...packKinds([kind]) };
}

const setRevision = (revision: number) =>
  kubeRequest(access.cluster, `/apis/cert-manager.io/v1/namespaces/${osid}/certificates/${osid}/status`, {
    method: 'PATCH',
    body: JSON.stringify({ status: { revision } }),
    contentType: 'application/merge-patch+json',
  });

/** What the generated manifests of a catalog with such a type contain: rights on the kind, and the admission of it. */
async function allowCertificates(): Promise<void> {
  const name = `${access.namespace}-certificates`;
  const rbac = 'rbac.authorization.k8s.io';
  const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];
  const rules = [{ apiGroups: ['cert-manager.io'], resources: ['certificates'], verbs }];
  const options = { fieldManager: 'runos-start' };
  await access.admin.apply({ apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name }, rules }, options);
  const subjects = [{ kind: 'ServiceAccount', name: 'cluster-agent', namespace: access.namespace }];
  const roleRef = { apiGroup: rbac, kind: 'ClusterRole', name };
  await access.admin.apply(
    { apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata: { name }, roleRef, subjects },
    options,
  );
  const policy = { kind: 'ValidatingAdmissionPolicy', apiVersion: 'admissionregistration.k8s.io/v1' };
  const live = await access.admin.get({ ...policy, name: `${access.namespace}-cluster-agent` });
  const text = JSON.stringify(live['spec']).replace("['/namespaces'", "['cert-manager.io/certificates', '/namespaces'");
  expect(text).toContain('cert-manager.io/certificates');
  await access.admin.mergePatch(refOf(live), { spec: JSON.parse(text) as object }, options);
}

afterAll(async () => {
  await harness?.stop();
  const name = `${access.namespace}-certificates`;
  for (const kind of ['ClusterRole', 'ClusterRoleBinding']) {
    await access?.admin.delete({ apiVersion: 'rbac.authorization.k8s.io/v1', kind, name });
  }
});
useAccess((started) => (access = started));
beforeAll(async () => {
  await allowCertificates();
  harness = await new Harness(access).start();
});

beforeEach(() => {
  osid = newOsid('widget');
});

describe('an instance of a type that this build does not have', () => {
  it('is applied, and evaluated by the rules of its bundle', async () => {
    expect(await harness.controller.applyBundle(bundleWith(certificateKind(2)))).toEqual({ accepted: true });
    const waiting = await harness.waitForStatus(osid, ({ objects }) =>
      objects.some(({ reason }) => reason === 'WaitingForRevision'),
    );
    expect(waiting.objects).toContainEqual(expect.objectContaining({ message: 'It has revision 0 of 2.' }));
    expect(waiting.phase).not.toBe('ready');
    expect((await setRevision(2)).status).toBe(200);
    await harness.waitForStatus(osid, ({ phase }) => phase === 'ready');
    await harness.removeUntilGone(osid);
  });

  it('is evaluated by new rules without a new revision, and nothing of it is written again', async () => {
    await harness.controller.applyBundle(bundleWith(certificateKind(1)));
    await harness.waitForStatus(osid, ({ objects }) => objects.some(({ reason }) => reason === 'WaitingForRevision'));
    await setRevision(1);
    await harness.waitForStatus(osid, ({ phase }) => phase === 'ready');
    const before = await access.admin.get(refOf(certificate()));

    harness.statuses.length = 0;
    const stricter = bundleWith(certificateKind(3));
    expect(await harness.controller.applyBundle(stricter)).toEqual({ accepted: true });
    await harness.waitForStatus(osid, ({ objects }) =>
      objects.some(({ message }) => message === 'It has revision 1 of 3.'),
    );
    const after = await access.admin.get(refOf(certificate()));
    expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    const stored = () => harness.controller.instances.entries().find((entry) => entry.osid === osid);
    expect(stored()).toMatchObject({ revision: 1, kindsDigest: stricter.kindsDigest });

    await harness.restart();
    expect(stored()).toMatchObject({ revision: 1, kindsDigest: stricter.kindsDigest });
    await setRevision(3);
    await harness.waitForStatus(osid, ({ phase }) => phase === 'ready');
  });

  it('is shown by a diff without the fields that are left to other writers', async () => {
    const allowedWriters = [{ manager: 'renewer', kind: 'Certificate', fields: ['spec.secretName'] }];
    const bundle = { ...bundleWith(certificateKind(0)), allowedWriters };
    await harness.applyUntilReady(bundle);
    const change = { spec: { secretName: 'renewed' } };
    await access.admin.mergePatch(refOf(certificate()), change, { fieldManager: 'renewer' });
    expect((await harness.controller.diffBundle(bundle)).objects).toEqual([]);
    const paths = async (other: Bundle) =>
      (await harness.controller.diffBundle(other)).objects.flatMap(({ changes }) => changes.map(({ path }) => path));
    expect(await paths(bundleWith(certificateKind(0)))).toEqual(['spec.secretName']);
    const other = packKinds([certificateKind(9)]).kindsDigest;
    const damaged = harness.controller.diffBundle({ ...bundle, kindsDigest: other });
    await expect(damaged).rejects.toMatchObject({ code: 'request.invalid' });
  });

  it('is refused with kinds that are damaged, and accepted with rules that it cannot compile', async () => {
    const bundle = bundleWith(certificateKind(1));
    const other = packKinds([certificateKind(9)]).kindsDigest;
    expect(await harness.controller.applyBundle({ ...bundle, kindsDigest: other })).toEqual({
      accepted: false,
      reason: expect.stringContaining('digest of the kinds'),
    });
    const [rule] = certificateKind(1).health;
    if (rule === undefined) throw new Error('no rule');
    const newer = { ...certificateKind(1), health: [{ ...rule, when: 'later.function(self)' }] };
    expect(await harness.controller.applyBundle(bundleWith(newer))).toEqual({ accepted: true });
    await harness.waitForStatus(osid, ({ phase }) => phase === 'ready'); // without a condition, it exists
  });
});
