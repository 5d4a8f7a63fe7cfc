import type { ServiceState } from '@runos/api';
import type { Condition } from '@runos/kernel';
import type { Osid } from '@runos/osid';
import type { ClusterRow } from '../clusters/cluster-row.js';
import type { Spec } from '../revisions/spec.js';
import type { Report } from '../status/report.js';

/** What of its cluster an instance cannot be understood without. */
type OfCluster = Pick<
  ClusterRow,
  | 'cid'
  | 'root'
  | 'present'
  | 'session_no'
  | 'ready'
  | 'was_ready'
  | 'deleting_since'
  | 'foreign_uid'
  | 'last_heartbeat_at'
  | 'local_storage_class'
  | 'distributed_storage_class'
>;

/** An instance with its wanted revision and its cluster. */
export interface InstanceRow extends OfCluster {
  readonly id: number;
  readonly aid: ClusterRow['aid'];
  readonly cluster_id: number;
  readonly iid: string;
  readonly type: string;
  readonly osid: Osid;
  readonly name: string;
  readonly generation: number;
  readonly revision: number;
  readonly deleting: boolean;
  readonly changed_by: string;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly state: Exclude<ServiceState, 'disconnected'>;
  readonly reason: string | null;
  readonly message: string | null;
  readonly conditions: readonly Condition[];
  readonly observed_generation: number;
  readonly ready_replicas: number;
  readonly objects: Report['objects'];
  readonly secrets_sealed: string;
  readonly spec: Spec;
  readonly digest: string;
  /** The generation its bundle was made at. */
  readonly bundle_generation: number;
  /** The database's time of this read. */
  readonly now: Date;
}

/** `FROM` of every read of whole instances. */
export const wholeInstance = `
  SELECT i.id, i.aid, i.cluster_id, i.iid, i.type, i.osid, i.name, i.generation, i.revision, i.deleting, i.changed_by,
    i.created_at, i.updated_at, i.state, i.reason, i.message, i.conditions, i.observed_generation, i.ready_replicas,
    i.objects, i.secrets_sealed, r.spec, r.digest, r.generation AS bundle_generation,
    c.cid, c.root, c.present, c.session_no, c.ready, c.was_ready, c.deleting_since, c.foreign_uid, c.last_heartbeat_at,
    c.local_storage_class, c.distributed_storage_class, clock_timestamp() AS now
  FROM instance i
    JOIN cluster c ON c.id = i.cluster_id
    JOIN revision r ON r.instance_id = i.id AND r.revision = i.revision`;
