import { Job, JobLog, WorkItem } from '@runos/api';
import { z } from 'zod';
import { event, request } from '../contract.js';

/**
 * How a job stands: the whole job and its steps, with the log lines that are new since the last one.
 * `seq` grows with every change; only a higher one than the last counts, so repeats and lateness are harmless.
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

/** What jobs asks when it does not know a job yet; `job.not_found` only when it was never minted. */
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
  deadlineMs: 4_000,
  idempotent: true,
});
