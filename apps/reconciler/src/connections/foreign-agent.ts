import type { ClusterRow } from '../schema/cluster-row.js';

/** The Kubernetes cluster of the first agent, and that of the last one if it is another. */
export type KubernetesIdentity = Pick<ClusterRow, 'uid' | 'foreign_uid'>;

/**
 * Whether an agent in another Kubernetes cluster has sent a report. A report can arrive before the connection of its
 * session is recorded, so what the session itself has stated decides. Without that, the recorded connection does.
 */
export function isFromForeign(clusterUid: string | undefined, cluster: KubernetesIdentity): boolean {
  if (clusterUid === undefined || cluster.uid === null) return cluster.foreign_uid !== null;
  return clusterUid !== cluster.uid;
}
