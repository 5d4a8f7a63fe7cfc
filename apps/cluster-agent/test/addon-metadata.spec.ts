import { beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonPatchStep } from '@runos/kube-client';
import type { KubeObject, ObjectRef } from '@runos/kube-objects';
import { inputOf, install, installerOf, publishedRef, useAddonAccess } from './addon-harness.js';
import { type AgentAccess, refusal } from './agent-access.js';

/** What a stolen token of the agent could make others do by labels and annotations of the objects of an add-on. */
let access: AgentAccess;
let objects: KubeObject[];

useAddonAccess((started) => (access = started));
beforeAll(async () => {
  objects = await install(access);
});

const refOfKind = (kind: string): ObjectRef => publishedRef(objects, kind);
const notPublished = /may only write the labels and annotations of the pinned version/;
const podAnnotations = { 'sidecar.istio.io/inject': 'true' };
const template = (metadata: object) => ({ spec: { template: { metadata } } });

describe('a stolen token of the cluster agent', () => {
  it.each<[string, string, object]>([
    [
      'a label that a ClusterRole of the user aggregates',
      'ClusterRole',
      { metadata: { labels: { 'example.com/aggregate': 'true' } } },
    ],
    [
      'a label that Kubernetes aggregates',
      'ClusterRole',
      { metadata: { labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } } },
    ],
    [
      'an annotation of a role',
      'ClusterRole',
      { metadata: { annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' } } },
    ],
    [
      'the injection of sidecars into the namespace',
      'Namespace',
      { metadata: { labels: { 'istio-injection': 'enabled' } } },
    ],
    [
      'a node selector of the namespace',
      'Namespace',
      { metadata: { annotations: { 'scheduler.alpha.kubernetes.io/node-selector': 'a=b' } } },
    ],
    [
      'the account of a cloud',
      'ServiceAccount',
      { metadata: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/eve' } } },
    ],
    ['the injection of a sidecar into the operator', 'Deployment', template({ annotations: podAnnotations })],
    ['a label of the pods of the operator', 'Deployment', template({ labels: { 'sidecar.istio.io/inject': 'true' } })],
    ['another value of a published label', 'Deployment', { metadata: { labels: { 'app.kubernetes.io/name': 'eve' } } }],
    ['a label of the Service', 'Service', { metadata: { labels: { 'example.com/expose': 'true' } } }],
  ])('writes not %s', async (_, kind, patch) => {
    expect(await refusal(access.agent.mergePatch(refOfKind(kind), patch, { dryRun: true }))).toMatch(notPublished);
  });
});

describe('labels and annotations that others have set', () => {
  it('stay when the agent applies the add-on again', async () => {
    const { admin } = access;
    const restarted = { annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' } };
    await admin.mergePatch(refOfKind('Deployment'), template(restarted));
    const steps: JsonPatchStep[] = [{ op: 'add', path: '/metadata/labels/example.com~1team', value: 'a' }];
    for (const kind of ['Namespace', 'ClusterRole', 'ServiceAccount']) await admin.jsonPatch(refOfKind(kind), steps);
    const { done, reason } = await installerOf(access).applyAddon(inputOf(objects));
    expect({ done, reason }).toEqual({ done: true, reason: undefined });
    expect(await admin.get(refOfKind('Deployment'))).toMatchObject(template(restarted));
    expect((await admin.get(refOfKind('Namespace'))).metadata.labels).toMatchObject({ 'example.com/team': 'a' });
  });
});
