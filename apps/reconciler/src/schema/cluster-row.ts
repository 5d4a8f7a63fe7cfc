import type { AgentProblem } from '@runos/agent-protocol';
import type { FieldWriter } from '@runos/kube-objects';
import type { DnsName } from '@runos/naming';
import type { Aid, Cid } from '@runos/osid';

/** A row of `cluster` as reads return it. */
export class ClusterRow {
  readonly id!: number;
  readonly aid!: Aid;
  readonly cid!: Cid;
  readonly name!: string;
  readonly root!: DnsName;
  readonly local_storage_class!: string | null;
  readonly distributed_storage_class!: string | null;
  readonly is_default!: boolean;
  /** The field managers that may write fields of all instances. */
  readonly allowed_writers!: readonly FieldWriter[];
  readonly generation!: number;
  readonly changed_by!: string;
  readonly created_at!: Date;
  readonly updated_at!: Date;
  readonly deletion_requested_at!: Date | null;
  /** The uid of the namespace kube-system of the first cluster agent's Kubernetes cluster. */
  readonly uid!: string | null;
  /** Set while the agent that connected last runs in another Kubernetes cluster than the first one. */
  readonly foreign_uid!: string | null;
  readonly session_no!: number;
  readonly connection_seq!: number;
  /** The cluster agent has an open stream and receives bundles. */
  readonly connected!: boolean;
  /** The agent's last heartbeat is recent. */
  readonly ready!: boolean;
  readonly was_ready!: boolean;
  readonly agent_version!: string | null;
  /** The capabilities that the connected agent announced. */
  readonly capabilities!: readonly string[];
  readonly last_heartbeat_at!: Date | null;
  /** Two machines with the certificate of the cluster agent, the earlier one first. */
  readonly duplicate_addresses!: readonly string[] | null;
  /** What keeps the cluster agent from its work. */
  readonly agent_problems!: readonly AgentProblem[] | null;
}
