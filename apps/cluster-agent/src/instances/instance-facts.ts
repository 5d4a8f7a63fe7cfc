import type { Health } from '@runos/kube-kinds';
import type { ObjectRef } from '@runos/kube-objects';
import type { Drift } from '../bundles/bundle-record.js';

/** An object outside the bundle whose state explains the instance: a pod, a claim, a volume. */
export interface Dependent {
  readonly ref: ObjectRef;
  readonly health: Health;
}

/** Why an object is not in its desired state. */
export interface Problem {
  /** Stable CamelCase. */
  readonly reason: string;
  readonly message: string;
  /** True if a retry cannot help: only another bundle or another state of the cluster can. */
  readonly blocked: boolean;
  /** The agent itself refuses it while data is at risk. */
  readonly keepsData?: boolean;
  /** The object was applied, but its admission has changed our fields. */
  readonly overridden?: boolean;
}

/** What the applier must know about earlier writes of an object. */
export interface ApplyHistory {
  /** We have never applied or created it. */
  readonly first: boolean;
  /** Fields of other content are ours by a create: the apply must take them over first. */
  readonly created: boolean;
}

/** A manager that keeps overwriting our repairs. */
export interface Conflict {
  readonly ref: ObjectRef;
  readonly manager: string | null;
  readonly fields: readonly string[];
}

/** Content of a status report that the plane has acknowledged. */
export interface AcknowledgedReport {
  readonly statusHash: string;
  readonly drifts: readonly Drift[];
  /** Desired revision at the time of the report. */
  readonly revision: number;
  readonly phase: string;
}
