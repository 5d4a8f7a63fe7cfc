import { stateMachine } from '@runos/kernel';
import { z } from 'zod';
import { NextCursor, Timestamp } from '../field.js';

export const jobStatuses = ['pending', 'running', 'completed', 'failed', 'cancelled'] as const;
export const JobStatus = z.enum(jobStatuses);
export type JobStatus = z.infer<typeof JobStatus>;

/** How a job, and each of its work items, may move. */
export const jobStateMachine = stateMachine<JobStatus>('pending', {
  pending: ['running', 'completed', 'failed', 'cancelled'],
  running: ['completed', 'failed', 'cancelled'],
  completed: [],
  failed: [],
  cancelled: [],
});

export const jobTypes = [
  'service.create',
  'service.update',
  'service.delete',
  'service.restart',
  'cluster.delete',
] as const;
export const JobType = z.enum(jobTypes);
export type JobType = z.infer<typeof JobType>;

/** The steps of a job, in order, by what it does. */
export const workItemNames = {
  apply: ['validate', 'render', 'deliver', 'apply', 'wait-ready'],
  delete: ['check', 'deliver', 'remove', 'confirm-gone'],
} as const;

export const Job = z.object({
  id: z.uuid(),
  aid: z.string(),
  cid: z.string().nullable(),
  osid: z.string().nullable(),
  type: JobType,
  status: JobStatus,
  /** Free text for people, never a number. */
  progress: z.string().nullable(),
  currentStep: z.string().nullable(),
  /** What the job waits for, or why it ended as it did: stable CamelCase. */
  reason: z.string().nullable(),
  error: z.string().nullable(),
  supersededBy: z.uuid().nullable(),
  createdAt: Timestamp,
  startedAt: Timestamp.nullable(),
  completedAt: Timestamp.nullable(),
});
export type Job = z.infer<typeof Job>;

export const WorkItem = z.object({
  id: z.uuid(),
  jobId: z.uuid(),
  name: z.string(),
  status: JobStatus,
  stepNumber: z.int(),
  result: z.string().nullable(),
  createdAt: Timestamp,
  startedAt: Timestamp.nullable(),
  completedAt: Timestamp.nullable(),
});
export type WorkItem = z.infer<typeof WorkItem>;

export const JobLog = z.object({
  /** Grows within a work item; serves as the cursor. */
  id: z.string(),
  workItemId: z.uuid(),
  level: z.enum(['info', 'warn', 'error']),
  message: z.string(),
  createdAt: Timestamp,
});
export type JobLog = z.infer<typeof JobLog>;

export const WorkItems = z.object({ jobId: z.uuid(), workItems: z.array(WorkItem), hasMore: z.boolean() });
export const JobLogs = z.object({ workItemId: z.uuid(), logs: z.array(JobLog), nextCursor: NextCursor });
