import { Fault } from '@runos/kernel';
import type { ClusterRow } from '../schema/cluster-row.js';

/** @throws Fault `conflict.deleting` when the deletion of the cluster was requested */
export function refuseDeleting({ cid, deletion_requested_at: since }: ClusterRow): void {
  if (since !== null) throw new Fault('conflict.deleting', `Cluster "${cid}" is being deleted.`);
}
