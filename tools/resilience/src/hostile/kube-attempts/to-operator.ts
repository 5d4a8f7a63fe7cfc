import { type KubeAttempt, post } from './attempt.js';
import { clusterOf } from './objects.js';

const podPatch = JSON.stringify([{ op: 'add', path: '/spec/hostPID', value: true }]);
const snapshot = { storage: { kind: 'PersistentVolumeClaim', name: 'stolen' } };

/** What the operator of PostgreSQL does with its own, greater rights. */
export function toOperator(osid: string): KubeAttempt[] {
  const annotated = (annotations: Readonly<Record<string, string>>) => clusterOf(osid, {}, { annotations });
  const clusters = [
    annotated({ 'cnpg.io/podPatch': podPatch }),
    annotated({ 'cnpg.io/validation': 'disabled' }),
    annotated({ 'alpha.cnpg.io/unseen': 'true' }),
    ...[
      { inheritedMetadata: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/stolen' } } },
      { inheritedMetadata: { labels: { 'azure.workload.identity/use': 'true' } } },
      { externalClusters: [{ name: 'stolen' }] },
      { monitoring: { enablePodMonitor: true } },
      { bootstrap: { recovery: { volumeSnapshots: snapshot } } },
    ].map((spec) => clusterOf(osid, spec)),
  ];
  return clusters.map((cluster) => post(`/apis/postgresql.cnpg.io/v1/namespaces/${osid}/clusters`, cluster));
}
