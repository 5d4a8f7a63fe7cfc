/** The namespace of what every cluster of real nodes has. */
export const system = 'kube-system';

/** A ServiceAccount of the system. */
export const account = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace: system },
});

/** A ClusterRole `system:<name>`, bound to the account of that name. */
export const role = (name: string, rules: readonly object[]): object[] => [
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: `system:${name}` }, rules },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: `system:${name}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `system:${name}` },
    subjects: [{ kind: 'ServiceAccount', name, namespace: system }],
  },
];

/** A Deployment of one replica under the account of its name. */
export const deployment = (name: string, podSpec: object): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: system },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { serviceAccountName: name, ...podSpec } },
  },
});
