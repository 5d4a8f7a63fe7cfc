import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type KubeObject, refOf } from '@runos/kube-objects';
import { serviceTypes } from '@runos/service-types';
import { waitUntil } from '@runos/testing-process';
import { withPodSecurity } from '../src/apply/pod-security.js';
import { secretBinding } from '../src/secrets/secret-binding.js';
import { type AgentAccess, refusal, useAccess } from './agent-access.js';
import { newOsid, objectsOf, refIn } from './harness.js';

let access: AgentAccess;
const osid = newOsid();
/** The objects of an instance as the agent applies them. */
const appliedObjectsOf = (id: string, changes = {}): KubeObject[] => objectsOf(id, changes).map(withPodSecurity);
const [ours] = appliedObjectsOf(osid) as [KubeObject];
const map = (namespace: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'probe', namespace },
});

const listsSecrets = (namespace: string): Promise<boolean> =>
  access.agent.list({ apiVersion: 'v1', kind: 'Secret', namespace }).then(
    () => true,
    () => false,
  );

afterAll(() => access?.admin.delete(refIn(osid, 'v1', 'Namespace')));
useAccess((started) => (access = started));
beforeAll(() => access.agent.apply(ours));

describe('the cluster agent under its own account', () => {
  it('writes in namespaces that carry the labels of an instance', async () => {
    await access.agent.apply({ ...map(osid), metadata: { name: 'probe', namespace: osid } });
    await access.agent.delete(refIn(osid, 'v1', 'ConfigMap', 'probe'));
  });

  it.each(['kube-system', 'default', 'kube-public'])('writes nothing in %s', async (namespace) => {
    const { agent } = access;
    expect(await refusal(agent.apply(map(namespace)))).toMatch(/may only write in namespaces that carry the labels/);
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'probe', namespace } };
    expect(await refusal(agent.apply(secret))).toContain(namespace);
    const root = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'kube-root-ca.crt' };
    expect(await refusal(agent.delete(root))).toContain(namespace);
  });

  it('neither adopts nor deletes a namespace without our labels', async () => {
    const { admin, agent } = access;
    const name = newOsid();
    await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    const labels = { ...ours.metadata.labels, 'runos.com/osid': name };
    expect(await refusal(agent.apply({ ...ours, metadata: { name, labels } }))).toContain(name);
    expect(await refusal(agent.delete(refIn(name, 'v1', 'Namespace')))).toContain(name);
    await admin.delete(refIn(name, 'v1', 'Namespace'));
  });

  it('creates only namespaces of instances, with their labels', async () => {
    const make = (metadata: KubeObject['metadata']) => access.agent.apply({ ...ours, metadata });
    expect(await refusal(make({ name: 'somewhere' }))).toContain('somewhere');
    expect(await refusal(make({ name: 'somewhere', labels: ours.metadata.labels }))).toContain('somewhere');
  });

  it('restores a removed label of the namespace of an instance', async () => {
    const ref = refIn(osid, 'v1', 'Namespace');
    await access.admin.mergePatch(ref, { metadata: { labels: { 'app.kubernetes.io/managed-by': null } } });
    await access.agent.apply(ours);
    expect((await access.admin.get(ref)).metadata.labels).toMatchObject(ours.metadata.labels ?? {});
  });

  it('writes no kind that no service type renders, not even in an instance’s namespace', async () => {
    const kinds: [string, string][] = [
      ['v1', 'Pod'],
      ['v1', 'ResourceQuota'],
      ['apps/v1', 'DaemonSet'],
      ['rbac.authorization.k8s.io/v1', 'RoleBinding'],
      ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding'],
      ['admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicyBinding'],
    ];
    for (const [apiVersion, kind] of kinds) {
      const metadata =
        kind.startsWith('Cluster') || kind.startsWith('Validating') ? { name: 'x' } : { name: 'x', namespace: osid };
      expect(await refusal(access.agent.apply({ apiVersion, kind, metadata }))).toContain('cannot');
    }
  });

  it('is restricted by the admission policy too, even if its role allows more', async () => {
    const { admin, agent, namespace } = access;
    const everything = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: `${namespace}-everything` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name: 'cluster-agent', namespace }],
    };
    const roleBinding = { ...everything, kind: 'RoleBinding', metadata: { name: 'probe', namespace: osid } };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'probe', namespace: osid } };
    await admin.create(everything);
    try {
      await waitUntil(async () => !(await refusal(agent.apply(roleBinding))).includes('cannot'), {
        everyMs: 50,
        because: () => 'the role does not take effect',
      });
      // The policy of add-ons refuses bindings too, and either of the two answers.
      const notBinding =
        /may not write rbac.authorization.k8s.io\/|may only bind the role and the subjects of the add-on/;
      expect(await refusal(agent.apply(roleBinding))).toMatch(notBinding);
      expect(await refusal(agent.apply({ ...everything, metadata: { name: 'probe' } }))).toMatch(notBinding);
      const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: pod.metadata };
      expect(await refusal(agent.apply({ ...quota, spec: { hard: { pods: '9' } } }))).toContain(
        'may not write /resourcequotas',
      );
      // It meets the Pod Security Standard and has a ServiceAccount, which are checked first.
      await waitUntil(async () => (await admin.find(refIn(osid, 'v1', 'ServiceAccount', 'default'))) !== undefined, {
        because: () => 'the namespace has no ServiceAccount',
      });
      const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
      const spec = {
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [{ name: 'probe', image: 'probe', securityContext }],
      };
      // The policy of contents refuses pods too, because Kubernetes gives each a priority and tolerations.
      expect(await refusal(agent.apply({ ...pod, spec }))).toMatch(/may not write \/pods|must have no priority/);
      expect(await refusal(agent.apply(map('default')))).toContain('not in default');
    } finally {
      await admin.delete(refOf(everything));
    }
  });

  it('writes only Secrets and its Lease in its own namespace', async () => {
    const { agent, namespace } = access;
    await agent.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'probe', namespace } });
    await agent.apply({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'probe', namespace } });
    expect(await refusal(agent.apply(map(namespace)))).toContain(namespace);
  });

  it('may apply every object that a service type renders', async () => {
    for (const { type, defaultVersion: version } of serviceTypes) {
      const id = newOsid(type);
      const objects = appliedObjectsOf(id, { replicas: 3, version });
      const [namespace, ...others] = objects as [KubeObject, ...KubeObject[]];
      for (const object of [namespace, secretBinding(access.namespace, id)]) await access.agent.apply(object);
      await waitUntil(() => listsSecrets(id), { because: () => 'the binding takes no effect' });
      for (const object of others) await access.agent.apply(object);
      await access.admin.delete(refIn(id, 'v1', 'Namespace'));
    }
  });
});
