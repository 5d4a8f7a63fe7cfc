import type { Health, ObjectRef } from '@runos/kube-objects';
import type { Drift } from '../bundles/bundle-record.js';

/** An object outside the bundle whose state explains the instance: a pod, a claim, a volume. */
export interface Dependent {
  readonly ref: ObjectRef;
  readonly health: Health;
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
