import type { Job, JobLog, WorkItem } from '@runos/api';
import type { Carrier } from '@runos/observability';
import type { DesiredSpec } from '../revisions/desired-spec.js';
import type { JobKind } from '../jobs/work-items.js';

/** A row of `job_ref` with the columns that a progress event shows. */
export interface JobRow {
  readonly job_id: string;
  readonly aid: string;
  readonly cid: string;
  readonly osid: string | null;
  readonly type: Job['type'];
  readonly status: Job['status'];
  readonly seq: number;
  readonly progress: string | null;
  readonly current_step: string | null;
  readonly reason: string | null;
  readonly error: string | null;
  readonly superseded_by: string | null;
  readonly rolls_back: string | null;
  readonly work_items: readonly WorkItem[];
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly completed_at: Date | null;
}

/** The columns of `JobRow`. */
export const jobColumns = `job_id, aid, cid, osid, type, status, seq, progress, current_step, reason, error, superseded_by, rolls_back,
  work_items, created_at, started_at, completed_at`;

/** The change that a queued job makes when it starts. An action has no `spec`: it changes the one it finds then. */
export interface PendingChange {
  readonly spec?: DesiredSpec;
  readonly changedBy: string;
  /** The change is made although it loses data. */
  readonly force?: boolean;
  /** The trace of the write; the delivery continues it. */
  readonly trace: Carrier;
}

/** A row of `job_log` as `jsonb_agg` returns it. */
export interface JobLogRow {
  readonly id: number;
  readonly work_item_id: string;
  readonly level: JobLog['level'];
  readonly message: string;
  readonly created_at: string;
}

/** The message of the last log line per object or condition: only a change is logged. */
export type LoggedStates = Readonly<Record<string, string>>;

/** The started job of an instance, locked by the transaction that read it. */
export interface OpenJob {
  readonly jobId: string;
  readonly kind: JobKind;
  readonly generation: number;
  readonly revision: number;
  readonly workItems: readonly WorkItem[];
  readonly progress: string | null;
  readonly currentStep: string | null;
  readonly reason: string | null;
  readonly loggedStates: LoggedStates;
  /** The deadline is paused because the agent is disconnected. */
  readonly paused: boolean;
  /** The database's time. */
  readonly now: Date;
}
