import type { IfGeneration } from '@runos/contracts';
import type { ClusterRow } from '../schema/cluster-row.js';
import { refuseStaleGeneration } from '../writes/preconditions.js';
import { refuseDeleting } from './refuse-deleting.js';

/** @throws Fault `conflict.deleting`, `conflict.stale` */
export function refuseUnwritable(cluster: ClusterRow, ifGeneration: IfGeneration | undefined): void {
  refuseDeleting(cluster);
  refuseStaleGeneration(`cluster "${cluster.cid}"`, cluster, ifGeneration);
}
