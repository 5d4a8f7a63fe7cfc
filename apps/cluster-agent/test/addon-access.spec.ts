import { beforeAll, describe, expect, it } from '@jest/globals';
import { bearer, type JsonPatchStep } from '@runos/kube-client';
import { type KubeObject, type ObjectRef, refOf } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import {
  addonLabels,
  deleteAddon,
  install,
  manifestOf,
  ownersOf,
  publishedRef,
  useAddonAccess,
  version,
} from './addon-harness.js';
import { type AgentAccess, createToken, refusal } from './agent-access.js';

const rbac = 'rbac.authorization.k8s.io/v1';
const namespace = 'cnpg-system';
const notOfAddon = /may only write in namespaces|may not write|must have the name of the instance/;
const forbiddenByRbac = /is forbidden: User "[^"]*:cluster-agent" cannot patch/;

let access: AgentAccess;
let objects: KubeObject[];

useAddonAccess((started) => (access = started));

beforeAll(async () => {
  objects = await manifestOf(version);
});

const refOfKind = (kind: string): ObjectRef => publishedRef(objects, kind);

/** Gives the agent all rights that RBAC knows, so that the admission policies alone restrict it. */
async function withAllRights(work: () => Promise<void>): Promise<void> {
  const binding = {
    apiVersion: rbac,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'everything' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'cluster-agent', namespace: access.namespace }],
  };
  await access.admin.create(binding);
  try {
    const node = { apiVersion: 'v1', kind: 'Node', name: 'node-1' };
    await waitUntil(() => access.agent.find(node).then(Boolean, () => false), {
      everyMs: 50,
      because: () => 'the role does not take effect',
    });
    await work();
  } finally {
    await access.admin.delete(refOf(binding));
  }
}

/** What the API server requires of a workload before it evaluates policies. */
function specOf(kind: string): object {
  if (kind !== 'Deployment' && kind !== 'StatefulSet') return {};
  const labels = { app: 'eve' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'eve', image: 'eve' }] } };
  return {
    spec: { selector: { matchLabels: labels }, template, ...(kind === 'StatefulSet' && { serviceName: 'eve' }) },
  };
}

describe('the objects of a user with the names of an add-on', () => {
  it('are neither changed, taken over nor deleted, even if the role of the agent allows it', async () => {
    const { admin, agent } = access;
    const chosen = ['Namespace', 'ClusterRole', 'ServiceAccount', 'ConfigMap'];
    const own = chosen.map(
      (kind) =>
        objects.find((object) => refOf(object).name === refOfKind(kind).name && object.kind === kind) as KubeObject,
    );
    for (const object of own) await admin.apply(object, { fieldManager: 'helm' });
    const refs = own.map(refOf);
    const before = await Promise.all(refs.map((ref) => ownersOf(admin, ref)));
    await withAllRights(async () => {
      for (const object of own) {
        const labelled = { ...object, metadata: { ...object.metadata, labels: addonLabels } };
        expect(await refusal(agent.apply(labelled))).toMatch(notOfAddon);
        expect(await refusal(agent.delete(refOf(object)))).toMatch(notOfAddon);
      }
    });
    expect(await Promise.all(refs.map((ref) => ownersOf(admin, ref)))).toEqual(before);
    await deleteAddon(access, refs);
  });
});

describe('the agent that may install add-ons', () => {
  beforeAll(() => install(access));

  const webhook = '/webhooks/0';
  const rule = (group: string, resource: string, verb: string) => ({
    apiGroups: [group],
    resources: [resource],
    verbs: [verb],
  });
  const changes: [string, string, string, unknown, RegExp][] = [
    ['grants another right', 'ClusterRole', '/rules/-', rule('', 'nodes', 'delete'), /may not grant more/],
    ['grants a right on all kinds', 'ClusterRole', '/rules/-', rule('', '*', 'get'), /may not grant more/],
    ['grants all rights on a kind', 'ClusterRole', '/rules/-', rule('', 'secrets', '*'), /may not grant more/],
    [
      'grants a right on a URL',
      'ClusterRole',
      '/rules/-',
      { nonResourceURLs: ['/x'], verbs: ['get'] },
      /not grant more/,
    ],
    [
      'aggregates other roles',
      'ClusterRole',
      '/aggregationRule',
      { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] },
      /may not grant more|must/,
    ],
    [
      'binds the role to a user',
      'ClusterRoleBinding',
      '/subjects/-',
      { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'eve' },
      /may only bind/,
    ],
    [
      'converts custom resources',
      'CustomResourceDefinition',
      '/spec/conversion',
      {
        strategy: 'Webhook',
        webhook: { clientConfig: { url: 'https://eve.example.com' }, conversionReviewVersions: ['v1'] },
      },
      /may not convert/,
    ],
    [
      'calls another webhook',
      'MutatingWebhookConfiguration',
      `${webhook}/clientConfig`,
      { url: 'https://eve.example.com' },
      /only call the webhooks of the add-on/,
    ],
    [
      'calls a webhook for other kinds',
      'ValidatingWebhookConfiguration',
      `${webhook}/rules/0/apiGroups`,
      ['*'],
      /only call the webhooks of the add-on/,
    ],
    ['gives its namespace away', 'Namespace', '/metadata/labels/runos.com~1addon', 'other', notOfAddon],
  ];

  it.each(changes)('is refused when it %s', async (_, kind, path, value, message) => {
    const step: JsonPatchStep = { op: 'add', path, value };
    expect(await refusal(access.agent.jsonPatch(refOfKind(kind), [step]))).toMatch(message);
  });

  it('may give the agent itself no role', async () => {
    const subjects = [{ kind: 'ServiceAccount', namespace: access.namespace, name: 'cluster-agent' }];
    const step: JsonPatchStep = { op: 'add', path: '/subjects', value: subjects };
    expect(await refusal(access.agent.jsonPatch(refOfKind('ClusterRoleBinding'), [step]))).toMatch(/may only bind/);
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cnpg-manager' };
    const metadata = { name: 'own', labels: addonLabels };
    const own = { apiVersion: rbac, kind: 'ClusterRoleBinding', metadata, roleRef, subjects };
    expect(await refusal(access.agent.apply(own))).toMatch(forbiddenByRbac);
  });

  const intruders: [string, string, string | undefined, string][] = [
    [rbac, 'ClusterRole', undefined, 'eve'],
    [rbac, 'Role', namespace, 'cnpg-manager'],
    ['v1', 'ServiceAccount', namespace, 'cnpg-controller-manager'],
    ['v1', 'ServiceAccount', 'default', 'cnpg-manager'],
    ['v1', 'Secret', namespace, 'cnpg-default-monitoring'],
    ['v1', 'ConfigMap', namespace, 'cnpg-controller-manager-config'],
    ['v1', 'ConfigMap', 'default', 'cnpg-default-monitoring'],
    ['apps/v1', 'StatefulSet', namespace, 'cnpg-controller-manager'],
    ['apps/v1', 'Deployment', 'default', 'cnpg-controller-manager'],
  ];

  it.each(intruders)('may not write the %s %s %s/%s', async (apiVersion, kind, where, name) => {
    const metadata = { name, namespace: where, labels: addonLabels };
    expect(await refusal(access.agent.apply({ ...specOf(kind), apiVersion, kind, metadata }))).toMatch(
      new RegExp(
        `${forbiddenByRbac.source}|${notOfAddon.source}|only run the pods|only write the data|must have the name of the instance`,
      ),
    );
  });

  it('is restricted by the policies too, even if its role allows more', () =>
    withAllRights(async () => {
      const { agent } = access;
      const rules = [rule('*', '*', '*')];
      const role = { apiVersion: rbac, kind: 'ClusterRole', metadata: { name: 'eve', labels: addonLabels }, rules };
      expect(await refusal(agent.apply(role))).toMatch(/may not/);
      const manager = { ...role, metadata: { name: 'cnpg-manager', labels: addonLabels } };
      expect(await refusal(agent.apply(manager))).toMatch(/may not grant more/);
      const account = {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'eve', namespace, labels: addonLabels },
      };
      expect(await refusal(agent.apply(account))).toMatch(notOfAddon);
      const { server, ca } = access.cluster;
      const own = { server, ca, ...bearer(access.token) };
      const token = createToken(own, namespace, refOfKind('ServiceAccount').name);
      expect(await refusal(token)).toMatch(notOfAddon);
    }));
});
