import type { Cluster, ClusterStatus } from '@runos/api';
import { ClusterDomain } from '@runos/naming';
import { duplicateReason, type StatusReason } from '../connections/duplicate-identity.js';
import type { ClusterRow } from '../schema/cluster-row.js';

/**
 * The columns that decide a cluster's status. Instances carry them too, because the cluster's status overrules the
 * status of an instance.
 */
export type ClusterStatusColumns = Pick<
  ClusterRow,
  'deletion_requested_at' | 'ready' | 'was_ready' | 'foreign_uid' | 'last_heartbeat_at'
>;

const maxMessageLength = 4_096;

export function clusterStatus(
  cluster: Pick<ClusterStatusColumns, 'deletion_requested_at' | 'ready' | 'was_ready'>,
): ClusterStatus {
  if (cluster.deletion_requested_at !== null) return 'deleting';
  if (cluster.ready) return 'connected';
  return cluster.was_ready ? 'disconnected' : 'pending';
}

/** Why a cluster is not connected, and what to do; nulls when it is connected. */
export function disconnectReason(cluster: ClusterStatusColumns): StatusReason {
  if (cluster.foreign_uid !== null) {
    return {
      reason: 'ForeignAgent',
      message:
        'The connected agent runs in another Kubernetes cluster than the first agent; it receives no bundles. Remove that agent, or add its cluster under a cid of its own.',
    };
  }
  switch (clusterStatus(cluster)) {
    case 'connected':
      return { reason: null, message: null };
    case 'deleting':
      return { reason: 'Removing', message: 'Its nodes and the certificates of its agents are being removed.' };
    case 'pending':
      return {
        reason: 'NoAgent',
        message:
          'No cluster agent has connected yet. Make a registration token of purpose cluster-agent and run the command it comes with.',
      };
    case 'disconnected': {
      const last = cluster.last_heartbeat_at?.toISOString() ?? 'an unknown time';
      return {
        reason: 'AgentDisconnected',
        message: `The last heartbeat of the cluster agent arrived at ${last}. Check that the agent runs and reaches this server. Instances keep running without it.`,
      };
    }
  }
}

/** Why the connected agent cannot do its work in the whole cluster, and what to do. */
function agentProblemReason({
  agent_problems: problems,
}: Pick<ClusterRow, 'agent_problems'>): StatusReason | undefined {
  if (problems === null || problems.length === 0) return undefined;
  return {
    reason: 'AgentNotReady',
    message: problems
      .map(({ message }) => message)
      .join(' ')
      .slice(0, maxMessageLength),
  };
}

export const domainOf = ({ cid, aid, root }: Pick<ClusterRow, 'cid' | 'aid' | 'root'>): ClusterDomain =>
  ClusterDomain.print({ cid, aid, root });

/** `liveHeartbeatAt`: the agent gateway's time, later than the stored one. */
export const clusterView = (row: ClusterRow, liveHeartbeatAt?: string): Cluster => ({
  cid: row.cid,
  name: row.name,
  status: clusterStatus(row),
  ...((row.ready && (duplicateReason(row.duplicate_addresses) ?? agentProblemReason(row))) || disconnectReason(row)),
  root: row.root,
  domain: domainOf(row),
  localStorageClass: row.local_storage_class,
  distributedStorageClass: row.distributed_storage_class,
  isDefault: row.is_default,
  agentVersion: row.agent_version,
  lastHeartbeatAt: liveHeartbeatAt ?? row.last_heartbeat_at?.toISOString() ?? null,
  generation: row.generation,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});
