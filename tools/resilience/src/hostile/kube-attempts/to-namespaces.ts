import { type KubeAttempt, inNamespace, patch, post, remove } from './attempt.js';
import { addonNamespace, clusterOf, each, victim } from './objects.js';

/** Namespaces that are not those of instances, and the level of those that are. */
export function toNamespaces(osid: string): KubeAttempt[] {
  const level = 'pod-security.kubernetes.io/enforce';
  const namespace = (name: string, labels: Record<string, string>): KubeAttempt =>
    post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  const ours = { 'app.kubernetes.io/managed-by': 'runos', 'runos.com/osid': 'valkey-stoln' };
  const adopted = { metadata: { labels: { ...ours, 'runos.com/osid': victim, [level]: 'restricted' } } };
  return [
    namespace('stolen', {}),
    namespace('stolen', { ...ours, [level]: 'restricted' }),
    namespace('valkey-stoln', ours),
    namespace('valkey-stoln', { ...ours, [level]: 'privileged' }),
    namespace('cnpg-system', { 'runos.com/addon': 'other', 'app.kubernetes.io/managed-by': 'runos' }),
    ...[null, 'privileged', 'baseline'].map((value) =>
      patch(`/api/v1/namespaces/${osid}`, { metadata: { labels: { [level]: value } } }),
    ),
    // The first edition of the level refuses almost nothing.
    patch(`/api/v1/namespaces/${osid}`, { metadata: { labels: { [`${level}-version`]: 'v1.0' } } }),
    patch(`/api/v1/namespaces/${addonNamespace}`, { metadata: { labels: { [level]: 'privileged' } } }),
    ...[victim, 'kube-system', 'default', 'runos'].flatMap((name) => [
      patch(`/api/v1/namespaces/${name}`, adopted),
      remove(`/api/v1/namespaces/${name}`),
    ]),
    ...Object.entries(each(victim)).flatMap(([key, object]) => [
      post(inNamespace(key, victim), object),
      patch(`${inNamespace(key, victim)}/own`),
      remove(`${inNamespace(key, victim)}/own`),
      remove(inNamespace(key, victim)),
    ]),
    post(`/apis/postgresql.cnpg.io/v1/namespaces/${victim}/clusters`, clusterOf(victim)),
    ...['kube-system', 'default', 'kube-public'].flatMap((name) =>
      Object.entries(each(name)).map(([key, object]) => post(inNamespace(key, name), object)),
    ),
    ...Object.entries(each('runos'))
      .filter(([key]) => !key.endsWith(' secrets'))
      .map(([key, object]) => post(inNamespace(key, 'runos'), object)),
    patch('/api/v1/namespaces/kube-system/configmaps/kube-root-ca.crt', { data: { 'ca.crt': 'stolen' } }),
  ];
}
