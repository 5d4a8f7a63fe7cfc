import { stateMachine } from '@runos/kernel';
import { z } from 'zod';
import { documentation, NextCursor, Timestamp } from '../operation/fields.js';

export const jobStatuses = ['pending', 'running', 'completed', 'failed', 'cancelled'] as const;
export const JobStatus = z.enum(jobStatuses);
export type JobStatus = z.infer<typeof JobStatus>;

/** The allowed transitions of a job and of each work item. */
export const jobStateMachine = stateMachine<JobStatus>('pending', {
  pending: ['running', 'completed', 'failed', 'cancelled'],
  running: ['completed', 'failed', 'cancelled'],
  completed: [],
  failed: [],
  cancelled: [],
});

/** `<noun>.<verb>` of the operation that created the job. */
export const jobTypes = [
  'service.create',
  'service.update',
  'service.delete',
  'service.restart',
  'cluster.delete',
] as const;
export const JobType = z.enum(jobTypes);
export type JobType = z.infer<typeof JobType>;

/** The work items of a job in order, by kind of job. */
export const workItemNames = {
  apply: ['validate', 'render', 'deliver', 'apply', 'wait-ready'],
  delete: ['check', 'deliver', 'remove', 'confirm-gone'],
} as const;

/** A job: the progress of one write. `supersededBy` is the newer job that cancelled it. */
export const Job = z.object({
  id: z.uuid(),
  aid: z.string(),
  cid: z.string().nullable(),
  osid: z.string().nullable(),
  type: JobType,
  status: JobStatus,
  /** A sentence, not a percentage. */
  progress: z.string().nullable(),
  currentStep: z.string().nullable(),
  /** Why the job waits or ended as it did: stable CamelCase. */
  reason: z.string().nullable(),
  error: z.string().nullable(),
  supersededBy: z.uuid().nullable(),
  createdAt: Timestamp,
  startedAt: Timestamp.nullable(),
  completedAt: Timestamp.nullable(),
});
export type Job = z.infer<typeof Job>;

const maxSteps = Math.max(...Object.values(workItemNames).map((names) => names.length));

/** One step of a job. */
export const WorkItem = z.object({
  id: z.uuid(),
  jobId: z.uuid(),
  name: z.string(),
  status: JobStatus,
  stepNumber: z
    .int()
    .register(documentation, { description: 'Position among the steps of the job.', minimum: 1, maximum: maxSteps }),
  result: z.string().nullable(),
  createdAt: Timestamp,
  startedAt: Timestamp.nullable(),
  completedAt: Timestamp.nullable(),
});
export type WorkItem = z.infer<typeof WorkItem>;

/** One log line of a work item. */
export const JobLog = z.object({
  /** Increases within a work item; it is the cursor of `listJobLogs`. */
  id: z.string(),
  workItemId: z.uuid(),
  level: z.enum(['info', 'warn', 'error']),
  message: z.string(),
  createdAt: Timestamp,
});
export type JobLog = z.infer<typeof JobLog>;

/** `hasMore` is always false: a job has few work items. */
export const WorkItems = z.object({ jobId: z.uuid(), workItems: z.array(WorkItem), hasMore: z.boolean() });
/** Log lines after the cursor; `nextCursor` is the cursor for the next request. */
export const JobLogs = z.object({ workItemId: z.uuid(), logs: z.array(JobLog), nextCursor: NextCursor });
