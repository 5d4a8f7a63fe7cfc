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
  'aid' | 'cid' | 'deletion_requested_at' | 'ready' | 'was_ready' | 'uid' | 'foreign_uid' | 'last_heartbeat_at'
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
  if (cluster.foreign_uid !== null) return { reason: 'ForeignAgent', message: foreignMessage(cluster) };
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

const foreignMessage = ({ aid, cid, uid, foreign_uid: foreignUid }: ClusterStatusColumns): string =>
  `The agent that connected last runs in Kubernetes cluster "${foreignUid}", not in "${uid}" as the first one. It receives no bundles. ` +
  'If it has registered with a token, the certificate of the first agent is revoked. To get that one back, remove this agent, ' +
  'create a new registration token of purpose cluster-agent, and run its command in the right Kubernetes cluster. ' +
  `If the Kubernetes cluster was rebuilt, accept the new one: POST /${aid}/clusters/${cid}/accept with {"kubernetesUid":"${foreignUid}"}.`;

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
  allowedWriters: [...row.allowed_writers],
  agentVersion: row.agent_version,
  lastHeartbeatAt: liveHeartbeatAt ?? row.last_heartbeat_at?.toISOString() ?? null,
  generation: row.generation,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});
