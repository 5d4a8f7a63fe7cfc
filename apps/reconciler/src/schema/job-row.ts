import type { Job, JobLog, WorkItem } from '@runos/api';
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
  readonly work_items: readonly WorkItem[];
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly completed_at: Date | null;
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

/** An open job, locked by the transaction that read it. */
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
