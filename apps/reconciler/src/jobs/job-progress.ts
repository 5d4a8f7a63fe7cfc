import { type JobProgress, reconciler } from '@runos/contracts';
import { eventMessage } from '@runos/messaging';
import type { Carrier } from '@runos/observability';
import { addToOutbox } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { JobLogRow, JobRow } from '../schema/job-row.js';

/** A changed job with the log lines of this change. */
export interface ChangedJob extends JobRow {
  readonly logs: readonly JobLogRow[];
}

/** Log ids have a fixed width, so that they sort as numbers and as texts alike. */
const logIdDigits = 15;

export const jobProgress = (row: ChangedJob): JobProgress => ({
  seq: row.seq,
  job: {
    id: row.job_id,
    aid: row.aid,
    cid: row.cid,
    osid: row.osid,
    type: row.type,
    status: row.status,
    progress: row.progress,
    currentStep: row.current_step,
    reason: row.reason,
    error: row.error,
    supersededBy: row.superseded_by,
    ...(row.rolls_back === null ? {} : { rollsBack: row.rolls_back }),
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    completedAt: row.completed_at?.toISOString() ?? null,
  },
  workItems: [...row.work_items],
  logs: row.logs.map((line) => ({
    id: String(line.id).padStart(logIdDigits, '0'),
    workItemId: line.work_item_id,
    level: line.level,
    message: line.message,
    createdAt: new Date(line.created_at).toISOString(),
  })),
});

/** A change of a job in the envelope of its trace, because one transaction writes changes of many traces. */
export interface TracedChange {
  readonly jobId: string;
  readonly trace: Carrier;
}

/**
 * Adds one progress event per changed job to the outbox, in the transaction of the change and with one statement.
 * Each event continues the trace of its change; without changes, the current trace.
 */
export async function publishJobProgress(
  sql: EntityManager,
  rows: readonly ChangedJob[],
  changes: readonly TracedChange[] = [],
): Promise<void> {
  const traces = new Map(changes.map(({ jobId, trace }) => [jobId, trace]));
  const messages = rows.map((row) => {
    const message = eventMessage(reconciler.jobProgressed, jobProgress(row), { tenant: row.aid });
    return { ...message, headers: { ...message.headers, ...traces.get(row.job_id) } };
  });
  await addToOutbox(sql, ...messages);
}
