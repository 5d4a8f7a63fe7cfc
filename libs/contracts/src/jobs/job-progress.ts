import { Job, JobLog, WorkItem } from '@runos/api';
import { z } from 'zod';
import { event, request } from '../contract.js';

/**
 * The state of a job: the job, its steps, and the log lines since the last event. `seq` increases with every change.
 * Receivers ignore a lower or equal `seq`, so duplicates and reordering are harmless.
 */
export const JobProgress = z.object({
  seq: z.int(),
  job: Job,
  workItems: z.array(WorkItem),
  logs: z.array(JobLog),
});
export type JobProgress = z.infer<typeof JobProgress>;

export const jobProgressed = event({
  subject: 'reconciler.v1.job-progressed',
  owner: 'reconciler',
  subscribers: ['jobs'],
  body: JobProgress,
  delivery: 'at-least-once',
  receivers: 'one-replica',
});

/** Reads a job that the projection does not have yet. @throws Fault `job.not_found` when the job was never created */
export const readJob = request({
  subject: 'reconciler.v1.job-read',
  owner: 'reconciler',
  callers: ['jobs'],
  scope: 'plane',
  input: z.object({ id: z.uuid(), aids: z.array(z.string()) }),
  output: JobProgress,
  deadlineMs: 2_000,
  idempotent: true,
});

export const cancelJob = request({
  subject: 'reconciler.v1.job-cancel',
  owner: 'reconciler',
  callers: ['gateway'],
  scope: 'tenant',
  input: z.object({ id: z.uuid() }),
  output: z.object({ cancelled: z.boolean(), status: Job.shape.status, message: z.string() }),
  // The request to the cluster agent whether a deletion has begun.
  deadlineMs: 7_000,
  idempotent: true,
});
