import { describe, expect, it } from '@jest/globals';
import { type KubeObject, refOf } from '@runos/kube-objects';
import { inApplyOrder, inDeletionOrder, invalidManifest, isOfAddon, withAddonLabels } from './addon-manifest.js';

const object = (apiVersion: string, kind: string, name = 'x', labels?: Record<string, string>): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, ...(labels && { labels }) },
});
const crd = object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'xs.example.com');
const webhook = object('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration');
const deployment = object('apps/v1', 'Deployment');
const namespace = object('v1', 'Namespace');

describe('the manifest of an add-on', () => {
  it('is applied in the order of its dependencies, webhooks last, and deleted in the reverse order', () => {
    const ordered = [namespace, crd, deployment, webhook];
    expect(inApplyOrder([webhook, deployment, crd, namespace])).toEqual(ordered);
    expect(inDeletionOrder([deployment, namespace, webhook, crd].map(refOf))).toEqual(ordered.map(refOf).reverse());
  });

  it('is refused with other kinds, with an object twice, and without a CRD', () => {
    expect(invalidManifest([namespace, crd])).toBeUndefined();
    expect(invalidManifest([namespace])).toMatch(/no CustomResourceDefinition/);
    expect(invalidManifest([crd, crd])).toMatch(/xs\.example\.com is in the manifest twice/);
    for (const intruder of [object('v1', 'Secret'), object('v1', 'Pod'), object('example.com/v1', 'Deployment')]) {
      expect(invalidManifest([crd, intruder])).toMatch(/must not contain the kind/);
    }
  });
});

describe('an object of an add-on', () => {
  it('is recognised by both labels with its name', () => {
    const labelled = withAddonLabels(object('v1', 'Namespace', 'x', { app: 'x' }), 'widgets');
    expect(labelled.metadata.labels).toMatchObject({ app: 'x' });
    expect(isOfAddon(labelled, 'widgets')).toBe(true);
    expect(isOfAddon(labelled, 'gadgets')).toBe(false);
    expect(isOfAddon(namespace, 'widgets')).toBe(false);
    for (const label of ['app.kubernetes.io/managed-by', 'runos.com/addon']) {
      const labels = { ...labelled.metadata.labels, [label]: 'helm' };
      expect(isOfAddon(object('v1', 'Namespace', 'x', labels), 'widgets')).toBe(false);
    }
  });
});
