import { type KubeAttempt, get, patch, post, remove } from './attempt.js';
import { ofHost, podOfHost, statefulSetOf, victim } from './objects.js';

/** Privileged pods, processes in pods, and the nodes themselves. */
export function toNode(osid: string): KubeAttempt[] {
  const pods = `/api/v1/namespaces/${osid}/pods`;
  const daemonSet = { ...statefulSetOf(osid, ofHost), kind: 'DaemonSet' };
  const command = '?command=id&stdout=true';
  return [
    ...[osid, victim, 'kube-system', 'runos'].map((namespace) =>
      post(`/api/v1/namespaces/${namespace}/pods`, podOfHost(namespace)),
    ),
    post(`/apis/apps/v1/namespaces/${osid}/daemonsets`, daemonSet),
    ...['stolen', 'default-editor'].map((serviceAccountName) =>
      post(`/apis/apps/v1/namespaces/${osid}/deployments`, {
        ...statefulSetOf(osid, { serviceAccountName }),
        kind: 'Deployment',
      }),
    ),
    post(`/apis/apps/v1/namespaces/${victim}/deployments`, { ...statefulSetOf(victim, ofHost), kind: 'Deployment' }),
    post(`/apis/batch/v1/namespaces/${osid}/jobs`, { ...daemonSet, apiVersion: 'batch/v1', kind: 'Job' }),
    post(`/apis/apps/v1/namespaces/${osid}/statefulsets`, statefulSetOf(osid, { serviceAccountName: 'stolen' })),
    ...['exec', 'attach', 'portforward', 'proxy'].flatMap((verb) => [
      get(`${pods}/stolen/${verb}${command}`),
      post(`${pods}/stolen/${verb}${command}`, {}, true),
    ]),
    // In namespaces of instances it may read logs, as it may read Secrets.
    ...[victim, 'kube-system', 'runos'].map((namespace) => get(`/api/v1/namespaces/${namespace}/pods/stolen/log`)),
    patch(`${pods}/stolen/ephemeralcontainers`, { spec: { ephemeralContainers: [] } }),
    post(`${pods}/stolen/binding`, { target: { kind: 'Node', name: 'node-1' } }),
    post(`${pods}/stolen/eviction`, {}),
    patch(`${pods}/stolen`),
    remove(`${pods}/stolen`),
    get('/api/v1/nodes/node-1/proxy/pods'),
    patch('/api/v1/nodes/node-1'),
    remove('/api/v1/nodes/node-1'),
    post('/api/v1/persistentvolumes', {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'stolen' },
      spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/' } },
    }),
    get('/logs/'),
    get('/debug/pprof/'),
    get('/metrics'),
  ];
}
