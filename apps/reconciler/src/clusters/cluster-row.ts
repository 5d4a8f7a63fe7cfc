import type { Cluster, ClusterStatus } from '@runos/api';
import { ClusterDomain, type DnsName } from '@runos/naming';
import type { Aid, Cid } from '@runos/osid';

/** A row of `cluster` as its reads answer it. */
export interface ClusterRow {
  readonly id: number;
  readonly aid: Aid;
  readonly cid: Cid;
  readonly name: string;
  readonly root: DnsName;
  readonly local_storage_class: string | null;
  readonly distributed_storage_class: string | null;
  readonly is_default: boolean;
  readonly generation: number;
  readonly changed_by: string;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly deleting_since: Date | null;
  readonly uid: string | null;
  readonly foreign_uid: string | null;
  readonly session_no: number;
  readonly presence_seq: number;
  readonly present: boolean;
  readonly ready: boolean;
  readonly was_ready: boolean;
  readonly agent_version: string | null;
  readonly last_heartbeat_at: Date | null;
}

/** What decides how a cluster stands; kept with instances too, whose state it overrules. */
export type Standing = Pick<ClusterRow, 'deleting_since' | 'ready' | 'was_ready' | 'foreign_uid' | 'last_heartbeat_at'>;

export function clusterStatus(cluster: Pick<Standing, 'deleting_since' | 'ready' | 'was_ready'>): ClusterStatus {
  if (cluster.deleting_since !== null) return 'deleting';
  if (cluster.ready) return 'connected';
  return cluster.was_ready ? 'disconnected' : 'pending';
}

/** Why a cluster is not connected, and what to do; nulls when it is. */
export function whyNotConnected(cluster: Standing): { reason: string | null; message: string | null } {
  if (cluster.foreign_uid !== null) {
    return {
      reason: 'ForeignAgent',
      message:
        'The agent that connects runs in another Kubernetes cluster than the first one did; nothing is sent to it. Remove that agent, or add its cluster under a cid of its own.',
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
      const last = cluster.last_heartbeat_at?.toISOString() ?? 'a while ago';
      return {
        reason: 'AgentDisconnected',
        message: `The cluster agent was last heard at ${last}. See that it runs and reaches this server; what runs goes on without it.`,
      };
    }
  }
}

export const domainOf = ({ cid, aid, root }: Pick<ClusterRow, 'cid' | 'aid' | 'root'>): ClusterDomain =>
  ClusterDomain.print({ cid, aid, root });

export const clusterView = (row: ClusterRow): Cluster => ({
  cid: row.cid,
  name: row.name,
  status: clusterStatus(row),
  ...whyNotConnected(row),
  root: row.root,
  domain: domainOf(row),
  localStorageClass: row.local_storage_class,
  distributedStorageClass: row.distributed_storage_class,
  isDefault: row.is_default,
  agentVersion: row.agent_version,
  lastHeartbeatAt: row.last_heartbeat_at?.toISOString() ?? null,
  generation: row.generation,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});
