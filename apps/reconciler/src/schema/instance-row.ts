import type { ServiceState } from '@runos/api';
import type { AppSource } from '@runos/service-types';
import type { Condition } from '@runos/kernel';
import type { Carrier } from '@runos/observability';
import type { Osid } from '@runos/osid';
import type { BundleReport } from '../bundle-status/bundle-report.js';
import type { ForeignBundle } from '../divergence/foreign-bundle.js';
import type { DesiredSpec } from '../revisions/desired-spec.js';
import type { ClusterRow } from './cluster-row.js';
import type { CredentialRefusal } from './registry-row.js';

/** An add-on that is not ready, and why the last attempt to install it failed. */
export interface AwaitedAddon {
  readonly name: string;
  readonly problem: string | null;
}

/** An instance with its desired revision and its cluster. */
export class InstanceRow {
  readonly id!: number;
  readonly aid!: ClusterRow['aid'];
  readonly cluster_id!: number;
  readonly iid!: string;
  readonly kind!: DesiredSpec['kind'];
  readonly type!: string;
  readonly osid!: Osid;
  readonly name!: string;
  /** Where the sources of an app are; not part of its spec. */
  readonly source!: AppSource;
  readonly generation!: number;
  readonly revision!: number;
  readonly deleting!: boolean;
  readonly changed_by!: string;
  readonly created_at!: Date;
  readonly updated_at!: Date;
  readonly state!: Exclude<ServiceState, 'disconnected'>;
  readonly reason!: string | null;
  readonly message!: string | null;
  readonly conditions!: readonly Condition[];
  readonly observed_generation!: number;
  readonly ready_replicas!: number;
  /** As the agent reports them: of the live objects where a scaler may write them. */
  readonly desired_replicas!: number | null;
  /** The ready replicas of earlier revisions; null: none, or the agent does not report them. */
  readonly outdated_replicas!: number | null;
  /** The last revision whose rollout was complete; null: there was none. */
  readonly ready_revision!: number | null;
  readonly objects!: BundleReport['objects'];
  /** What the agent stores if it is ahead of the plane's history: nothing is delivered until a person decides. */
  readonly diverged!: ForeignBundle | null;
  /** The session and the number of the last recorded status. */
  readonly status_session_no!: number;
  readonly status_sequence!: number;
  /** The state in the last event about it; null: it has had none, so that the last known one is healthy. */
  readonly reported_state!: InstanceRow['state'] | null;
  /** What the largest volume really has, MiB; null: unknown. */
  readonly volume_capacity_mb!: number | null;
  readonly secrets_sealed!: string;
  readonly spec!: DesiredSpec;
  readonly digest!: string;
  /** The revision may end pods whose data is lost with them. */
  readonly accepts_data_loss!: boolean;
  /** The allowed writers of `spec` as PostgreSQL prints them; null: none. */
  readonly own_writers!: string | null;
  /** The spec of the queued rollout, if there is one. */
  readonly queued_spec!: DesiredSpec | null;
  /** Accepted changes wait behind the started job. */
  readonly has_queue!: boolean;
  /** The trace of the write that made the revision; its delivery continues this trace. */
  readonly trace!: Carrier;
  /** OSIDs of the required instances that are not ready to be used yet. */
  readonly awaited!: readonly string[];
  /** The add-ons that RunOS installs in the cluster and that are not ready. */
  readonly awaited_addons!: readonly AwaitedAddon[];
  /** The generation that the bundle was rendered for. */
  readonly bundle_generation!: number;
  /** Why an app was refused with its new credentials; null: it was not. */
  readonly credential_refusal!: CredentialRefusal | null;
  /** The database's time of this read. */
  readonly now!: Date;
  readonly cid!: ClusterRow['cid'];
  readonly root!: ClusterRow['root'];
  readonly connected!: ClusterRow['connected'];
  readonly capabilities!: ClusterRow['capabilities'];
  readonly session_no!: ClusterRow['session_no'];
  readonly ready!: ClusterRow['ready'];
  readonly was_ready!: ClusterRow['was_ready'];
  readonly deletion_requested_at!: ClusterRow['deletion_requested_at'];
  /** Of the cluster. */
  readonly uid!: ClusterRow['uid'];
  readonly foreign_uid!: ClusterRow['foreign_uid'];
  readonly cluster_writers!: ClusterRow['allowed_writers'];
  readonly last_heartbeat_at!: ClusterRow['last_heartbeat_at'];
  readonly local_storage_class!: ClusterRow['local_storage_class'];
  readonly distributed_storage_class!: ClusterRow['distributed_storage_class'];
}

/** What a user reads of an instance, with the generation of its desired state. */
export const versioned = <Body>({ generation }: Pick<InstanceRow, 'generation'>, body: Body) => ({ generation, body });
