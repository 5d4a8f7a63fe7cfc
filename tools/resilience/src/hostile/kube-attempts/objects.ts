import type { KubeObject } from '@runos/kube-objects';

/** A namespace of a user of the cluster, with one object of each kind that the agent may write elsewhere. */
export const victim = 'hostile-victim';

export const metadataIn = (namespace: string, name = 'stolen'): KubeObject['metadata'] => ({ name, namespace });

/** `podSpec` replaces parts of the spec of its pods, and `spec` parts of its own. */
export const statefulSetOf = (namespace: string, podSpec: object, name?: string, spec: object = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: metadataIn(namespace, name),
  spec: {
    serviceName: 'stolen',
    replicas: 0,
    selector: { matchLabels: { app: 'stolen' } },
    template: {
      metadata: { labels: { app: 'stolen' } },
      spec: { containers: [{ name: 'stolen', image: 'stolen' }], ...podSpec },
    },
    ...spec,
  },
});

/** A pod template that reaches for the node. */
export const ofHost = {
  hostPID: true,
  containers: [{ name: 'stolen', image: 'stolen', securityContext: { privileged: true } }],
  volumes: [{ name: 'root', hostPath: { path: '/' } }],
};

/** What the controller of StatefulSets would create of a template that reaches for the node. */
export const podOfHost = (namespace: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: metadataIn(namespace),
  spec: ofHost,
});

export const serviceOf = (namespace: string, spec: object, name?: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: metadataIn(namespace, name),
  spec: { ports: [{ port: 80 }], ...spec },
});
export const plain = (kind: 'Secret' | 'ConfigMap', namespace: string, name?: string, type?: string): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: metadataIn(namespace, name),
  ...(type === undefined ? {} : { type }),
});
export const claimSpec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const claimOf = (namespace: string, name?: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: metadataIn(namespace, name),
  spec: claimSpec,
});

/** `spec` and `metadata` replace parts of its own. */
export const clusterOf = (namespace: string, spec: object = {}, metadata: object = {}): KubeObject => ({
  apiVersion: 'postgresql.cnpg.io/v1',
  kind: 'Cluster',
  metadata: { ...metadataIn(namespace), ...metadata },
  spec: { instances: 1, storage: { size: '1Gi' }, ...spec },
});

/** One object of each kind that the agent may write in namespaces of instances, by group and resource. */
export const each = (namespace: string, name?: string): Readonly<Record<string, KubeObject>> => ({
  '/api/v1 secrets': plain('Secret', namespace, name),
  '/api/v1 configmaps': plain('ConfigMap', namespace, name),
  '/api/v1 services': serviceOf(namespace, {}, name),
  '/api/v1 persistentvolumeclaims': claimOf(namespace, name),
  '/apis/apps/v1 statefulsets': statefulSetOf(namespace, {}, name),
});

/** The namespace of the operator of PostgreSQL, whose objects the policies exempt by name and label. */
export const addonNamespace = 'cnpg-system';

export const addonLabels = { 'app.kubernetes.io/managed-by': 'runos', 'runos.com/addon': 'cloudnative-pg' };

export const ofAddon = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...addonLabels } },
});

const namespaceOf = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

/** To be applied by the administrator first. */
export const victimObjects: readonly KubeObject[] = [
  namespaceOf(victim),
  ofAddon(namespaceOf(addonNamespace)),
  ...Object.values(each(victim, 'own')),
];
