import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KubeObject } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import { withPodSecurity } from '../src/apply/pod-security.js';
import { type AgentAccess, agentAccess, refusal, useAccess } from './agent-access.js';
import { newOsid, objectsOf, refIn } from './harness.js';

const rbac = 'rbac.authorization.k8s.io';

/** What a stolen token of the agent could try to read Secrets, with the rights on add-ons, which include `bind`. */
let access: AgentAccess;
const osid = newOsid();
const foreign = newOsid();
let role: string;

afterAll(async () => {
  for (const name of [osid, foreign]) await access?.admin.delete(refIn(name, 'v1', 'Namespace'));
});
useAccess(
  (started) => (access = started),
  () => agentAccess({ addons: true }),
);
beforeAll(async () => {
  role = `${access.namespace}-cluster-agent-secrets`;
  await access.agent.apply(withPodSecurity(objectsOf(osid)[0] as KubeObject));
  await access.admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: foreign } });
  for (const namespace of [osid, foreign]) await access.admin.create(secretIn(namespace));
  // Every client may bind a role without rights: here only the policy refuses.
  await access.admin.create({ apiVersion: `${rbac}/v1`, kind: 'Role', metadata: { name: role, namespace: osid } });
});

const secretIn = (namespace: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'probe', namespace },
  data: { password: 'c2VjcmV0' },
});
const pullCredentials = (): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: `${osid}-pull-credentials`, namespace: osid },
  type: 'kubernetes.io/dockerconfigjson',
  data: { '.dockerconfigjson': Buffer.from('{"auths":{}}').toString('base64') },
});
const untilBound = (namespace: string) =>
  waitUntil(() => access.agent.list({ apiVersion: 'v1', kind: 'Secret', namespace }).then(Boolean, () => false), {
    because: () => 'the binding does not take effect',
  });
const own = () => ({ kind: 'ServiceAccount', name: 'cluster-agent', namespace: access.namespace });
const binding = (namespace: string, changes: object = {}): KubeObject => ({
  apiVersion: `${rbac}/v1`,
  kind: 'RoleBinding',
  metadata: { name: role, namespace },
  roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
  subjects: [own()],
  ...changes,
});

describe('a stolen token of the cluster agent', () => {
  it('reads no Secret of a foreign namespace, of the system, or of the whole cluster', async () => {
    const { agent, admin } = access;
    for (const namespace of [foreign, 'kube-system', 'default']) {
      expect(await refusal(agent.get(refIn(namespace, 'v1', 'Secret', 'probe')))).toContain('cannot get');
      expect(await refusal(agent.list({ apiVersion: 'v1', kind: 'Secret', namespace }))).toContain('cannot list');
    }
    expect(await refusal(agent.list({ apiVersion: 'v1', kind: 'Secret' }))).toContain('cannot list');
    const path = await admin.mapper.path({ apiVersion: 'v1', kind: 'Secret' });
    const watch = agent.transport.send({ method: 'GET', path, query: { watch: 1, timeoutSeconds: 1 } });
    expect(await refusal(watch)).toContain('cannot watch');
  });

  it.each(['kube-system', 'default', foreign])('reads no log of a pod in %s', async (namespace) => {
    const { agent, admin } = access;
    const path = `${await admin.mapper.path(refIn(namespace, 'v1', 'Pod', 'probe'))}/log`;
    expect(await refusal(agent.transport.send({ method: 'GET', path }))).toContain('cannot get resource "pods/log"');
  });

  it.each(['kube-system', 'default', foreign])('does not bind its role for Secrets in %s', async (namespace) => {
    expect(await refusal(access.agent.create(binding(namespace)))).toMatch(/may only write in namespaces/);
    expect(await refusal(access.agent.apply(binding(namespace)))).toMatch(/may only write in namespaces/);
  });

  it('does not bind it in its own namespace, or in the whole cluster', async () => {
    const { agent, namespace } = access;
    expect(await refusal(agent.create(binding(namespace)))).toMatch(/may only write in namespaces/);
    const everywhere = { ...binding(osid), kind: 'ClusterRoleBinding', metadata: { name: role } };
    expect(await refusal(agent.create(everywhere))).toContain('cannot create');
  });

  it('does not bind it where a person removed a label of the instance', async () => {
    const { agent, admin } = access;
    const name = newOsid();
    const { 'runos.com/osid': _, ...labels } = withPodSecurity(objectsOf(name)[0] as KubeObject).metadata.labels ?? {};
    await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
    expect(await refusal(agent.create(binding(name)))).toMatch(/with both labels of an instance/);
    await admin.delete(refIn(name, 'v1', 'Namespace'));
  });

  it.each<[string, () => object]>([
    ['another role', () => ({ roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' } })],
    ['a role of an add-on', () => ({ roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'cnpg-manager' } })],
    ['a role of the namespace', () => ({ roleRef: { apiGroup: rbac, kind: 'Role', name: role } })],
    ['another service account', () => ({ subjects: [{ ...own(), name: 'default' }] })],
    ['one of another namespace', () => ({ subjects: [{ ...own(), namespace: 'kube-system' }] })],
    ['a further subject', () => ({ subjects: [own(), { ...own(), name: 'default' }] })],
    ['a user', () => ({ subjects: [{ kind: 'User', apiGroup: rbac, name: 'mallory' }] })],
    ['a group', () => ({ subjects: [{ kind: 'Group', apiGroup: rbac, name: 'system:authenticated' }] })],
    ['no subject', () => ({ subjects: [] })],
    ['another name', () => ({ metadata: { name: 'probe', namespace: osid } })],
    ['a generated name', () => ({ metadata: { generateName: role, namespace: osid } })],
  ])('binds no %s in the namespace of an instance', async (_, changes) => {
    const attempt = access.agent.create(binding(osid, changes()));
    expect(await refusal(attempt)).toMatch(/may only bind|may not write|attempting to grant|not currently held/);
  });

  it('gives the rights of the agent to no other subject later', async () => {
    const { agent } = access;
    await agent.create(binding(osid));
    const subjects = [own(), { ...own(), name: 'default' }];
    expect(await refusal(agent.apply(binding(osid, { subjects })))).toMatch(/may only bind/);
    expect(await refusal(agent.mergePatch(refOf(), { subjects }))).toMatch(/may only bind/);
    await agent.delete(refOf());
  });

  it.each(['an instance', 'the agent'])('creates no token of an account in the namespace of %s', async (where) => {
    const { agent } = access;
    const namespace = where === 'the agent' ? access.namespace : osid;
    if (namespace === osid) await agent.create(binding(osid));
    await untilBound(namespace);
    for (const account of ['default', 'cluster-agent']) {
      const annotations = { 'kubernetes.io/service-account.name': account };
      const type = 'kubernetes.io/service-account-token';
      const token = { ...secretIn(namespace), type, metadata: { name: `token-${account}`, namespace, annotations } };
      expect(await refusal(agent.create(token))).toContain('may not create tokens');
    }
    if (namespace === osid) await agent.delete(refOf());
  });

  it.each<[string, () => object]>([
    ['another name', () => ({ metadata: { name: 'stolen', namespace: osid } })],
    ['the name of another instance', () => ({ metadata: { name: `${foreign}-pull-credentials`, namespace: osid } })],
    ['a generated name', () => ({ metadata: { generateName: `${osid}-pull-credentials`, namespace: osid } })],
    ['the older type', () => ({ type: 'kubernetes.io/dockercfg', data: { '.dockercfg': 'e30=' } })],
  ])('creates no credentials of a registry with %s', async (_, changes) => {
    const { agent } = access;
    await agent.create(binding(osid));
    await untilBound(osid);
    const credentials = { ...pullCredentials(), ...changes() };
    expect(await refusal(agent.create(credentials))).toContain('credentials of a registry that an instance has');
    await agent.create(pullCredentials());
    await agent.delete(refIn(osid, 'v1', 'Secret', `${osid}-pull-credentials`));
    await agent.delete(refOf());
  });

  it('widens no role, and creates none', async () => {
    const rules = [{ apiGroups: [''], resources: ['secrets'], verbs: ['*'] }];
    const metadata = { name: role };
    const clusterRole = { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata, rules };
    expect(await refusal(access.agent.apply(clusterRole))).toContain('cannot patch');
    const inInstance = { ...clusterRole, kind: 'Role', metadata: { ...metadata, namespace: osid } };
    expect(await refusal(access.agent.create(inInstance))).toContain('cannot create');
  });
});

const refOf = () => refIn(osid, `${rbac}/v1`, 'RoleBinding', role);
