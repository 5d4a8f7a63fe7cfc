import { describe, expect, it } from '@jest/globals';
import { addon } from '@runos/addons';
import type { KubeObject } from '@runos/kube-objects';
import { addonContents, addonObjects } from './addon-contents.js';
import { addonRules } from './addon-rules.js';

const rbac = 'rbac.authorization.k8s.io/v1';
const objects = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'widgets' } },
  {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: { group: 'example.com', names: { plural: 'widgets' } },
  },
  {
    apiVersion: rbac,
    kind: 'ClusterRole',
    metadata: { name: 'manager' },
    rules: [
      { apiGroups: ['', 'apps'], resources: ['configmaps'], verbs: ['list', 'get'] },
      { apiGroups: [''], resources: ['configmaps', 'secrets'], verbs: ['get', 'patch'] },
    ],
  },
  { apiVersion: rbac, kind: 'ClusterRole', metadata: { name: 'viewer' }, rules: [] },
  {
    apiVersion: rbac,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'manager' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'manager' },
    subjects: [{ kind: 'ServiceAccount', namespace: 'widgets', name: 'manager' }],
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: 'widgets', name: 'operator' },
    spec: {
      template: {
        spec: {
          serviceAccountName: 'manager',
          initContainers: [{ image: `registry:5000/widgets/init@sha256:${'a'.repeat(64)}` }],
          containers: [{ image: 'ghcr.io/widgets/operator:1.2.3' }],
        },
      },
    },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'widgets' },
    webhooks: [
      {
        clientConfig: { service: { namespace: 'widgets', name: 'webhook' } },
        rules: [{ apiGroups: ['example.com'] }],
      },
    ],
  },
] as KubeObject[];
const manifests = [{ addon: addon('cloudnative-pg'), objects, earlier: [] }];
const contents = addonContents(manifests).map((line) => line.trim());

describe('the rights on add-ons', () => {
  it('name every object; escalate and bind name the roles alone that need it', () => {
    const rules = addonRules(manifests).join('\n');
    expect(rules).toContain(
      [
        '  - apiGroups: [apps]',
        '    resources: [deployments]',
        '    resourceNames: [operator]',
        '    verbs: [get, create, update, patch, delete]',
      ].join('\n'),
    );
    expect(rules).toMatch(/resourceNames:\n {6}- manager\n {6}- viewer\n {4}verbs: \[escalate\]/);
    expect(rules).toMatch(/resourceNames: \[manager\]\n {4}verbs: \[bind\]/);
    expect(rules).toMatch(/apiGroups: \[example\.com\]\n {4}resources: \[widgets\]\n {4}verbs: \[list\]/);
    // All but the list of custom resources are limited to names.
    expect(rules.match(/^ {2}- apiGroups/gm)?.length).toBe((rules.match(/resourceNames/g) ?? []).length + 1);
  });

  it('identify objects by group, resource, namespace and name', () => {
    const keys = addonObjects(manifests).filter((line) => line.includes('/'));
    expect(keys.map((line) => line.trim())).toEqual([
      `'/namespaces//widgets': 'cloudnative-pg',`,
      `'apiextensions.k8s.io/customresourcedefinitions//widgets.example.com': 'cloudnative-pg',`,
      `'rbac.authorization.k8s.io/clusterroles//manager': 'cloudnative-pg',`,
      `'rbac.authorization.k8s.io/clusterroles//viewer': 'cloudnative-pg',`,
      `'rbac.authorization.k8s.io/clusterrolebindings//manager': 'cloudnative-pg',`,
      `'apps/deployments/widgets/operator': 'cloudnative-pg',`,
      `'admissionregistration.k8s.io/validatingwebhookconfigurations//widgets': 'cloudnative-pg',`,
    ]);
  });

  it('restrict the contents to those of the manifest', () => {
    expect(contents).toEqual(
      expect.arrayContaining([
        `'/configmaps': ['get', 'list', 'patch'],`,
        `'apps/configmaps': ['get', 'list'],`,
        `'/secrets': ['get', 'patch'],`,
        `'rbac.authorization.k8s.io/clusterrolebindings//manager': 'ClusterRole/manager',`,
        `'rbac.authorization.k8s.io/clusterrolebindings//manager': ['ServiceAccount/widgets/manager'],`,
        `'admissionregistration.k8s.io/validatingwebhookconfigurations//widgets': ['widgets/webhook'],`,
        `'admissionregistration.k8s.io/validatingwebhookconfigurations//widgets': ['example.com'],`,
      ]),
    );
  });

  it('are not generated for a kind whose contents nothing restricts', () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'intruder', namespace: 'widgets' } };
    const widened = [{ addon: addon('cloudnative-pg'), objects: [...objects, pod], earlier: [] }];
    expect(() => addonRules(widened)).toThrow(/kind Pod/);
    expect(() => addonObjects(widened)).toThrow(/kind Pod/);
  });
});
