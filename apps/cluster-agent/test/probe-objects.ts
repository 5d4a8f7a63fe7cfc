import type { KubeObject } from '@runos/kube-objects';

/** Objects of a namespace with which specs try what the admission policies allow. */
export function probeObjects(namespace: string) {
  const metadata = { name: 'probe', namespace };
  return {
    /** `podSpec`: more fields of its pods. `spec`: more fields of its own. */
    statefulSet: (podSpec: object, spec: object = {}): KubeObject => ({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata,
      spec: {
        serviceName: 'probe',
        selector: { matchLabels: { app: 'probe' } },
        template: {
          metadata: { labels: { app: 'probe' } },
          spec: { containers: [{ name: 'probe', image: 'probe' }], ...podSpec },
        },
        ...spec,
      },
    }),
    cluster: (spec: object): KubeObject => ({
      apiVersion: 'postgresql.cnpg.io/v1',
      kind: 'Cluster',
      metadata,
      spec: { instances: 1, storage: { size: '1Gi' }, ...spec },
    }),
  };
}
