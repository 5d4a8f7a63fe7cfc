import { documentation } from '@runos/catalog-model';
import { stateMachine } from '@runos/kernel';
import { z } from 'zod';
import { NextCursor, page, Timestamp } from '../operation/fields.js';
import { operation, pathParams } from '../operation/operation.js';

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
  'service.upgrade',
  'app.create',
  'app.update',
  'app.delete',
  'app.restart',
  'app.env.update',
  'addon.install',
  'addon.remove',
  'cluster.delete',
] as const;
export const JobType = z.enum(jobTypes);
export type JobType = z.infer<typeof JobType>;

/** The work items of a job in order, by kind of job. Only jobs that wait for an add-on have `install-addon`. */
export const workItemNames = {
  apply: ['validate', 'render', 'install-addon', 'deliver', 'apply', 'wait-ready'],
  delete: ['check', 'deliver', 'remove', 'confirm-gone'],
} as const;

/**
 * A job: the progress of one write. `supersededBy` is the newer job that cancelled it. A pending job with the reason
 * `Queued` waits for the job that `progress` names.
 */
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
  /** The failed job whose change this one takes back by itself. */
  rollsBack: z.uuid().optional(),
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
  stepNumber: z.int().register(documentation, {
    description: 'Position among the steps of the job.',
    unit: 'steps',
    minimum: 1,
    maximum: maxSteps,
  }),
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

const { aid, jobId: id, workItemId } = pathParams;

/** Filters of a list of jobs; absent filters match every job. */
export const ListJobs = page(50, 200).extend({
  status: JobStatus.optional().register(documentation, { description: 'Only jobs in this state.' }),
  type: JobType.optional().register(documentation, { description: 'Only jobs of this type.' }),
  cid: z.string().max(16).optional().register(documentation, { description: 'Only jobs of this cluster.' }),
  osid: z
    .string()
    .max(63)
    .optional()
    .register(documentation, { description: 'Only jobs of this instance, by its OSID.' }),
});

/** At most 200 jobs per page. */
export const listJobs = operation({
  id: 'job.list',
  method: 'GET',
  path: '/:aid/jobs',
  access: 'read',
  summary: 'List the jobs of the account, newest first.',
  params: { aid },
  query: ListJobs,
  output: z.object({ jobs: z.array(Job), nextCursor: NextCursor }),
});

/** As all routes below: the path has no account, so the level is checked in the account that the job belongs to. */
export const showJob = operation({
  id: 'job.show',
  method: 'GET',
  path: '/jobs/:id',
  access: 'read',
  summary: 'Show a job.',
  params: { id },
  output: Job,
});

/** Every work item, without pages. */
export const listWorkItems = operation({
  id: 'job.workitems',
  method: 'GET',
  path: '/jobs/:id/workitems',
  access: 'read',
  summary: 'List the work items of a job in order.',
  params: { id },
  output: WorkItems,
});

/** `after` is the `id` of the last log line received. `request.invalid` also for a malformed cursor. */
export const listJobLogs = operation({
  id: 'job.logs',
  command: { path: 'jobs/workitem-logs' },
  method: 'GET',
  path: '/jobs/:id/workitems/:wid/logs',
  access: 'read',
  summary: 'List the log lines of a work item after a cursor.',
  params: { id, wid: workItemId },
  query: z.strictObject({
    after: z
      .string()
      .max(64)
      .optional()
      .register(documentation, { description: 'The id of the last line received. Default: from the first line on.' }),
  }),
  output: JobLogs,
});

/**
 * Events `job`, `workitem` and `log`, each with a cursor as its id; a comment every 15 s keeps the connection open. The
 * stream ends after the `job` event with the final status. It ends earlier when the caller's access changes or the plane
 * cannot confirm it; clients resume with the cursor. 204 when the cursor already covers the final event. Errors:
 * `limit.exceeded` beyond the streams allowed per token.
 */
export const streamJob = operation({
  id: 'job.stream',
  method: 'GET',
  path: '/jobs/:id/stream',
  access: 'read',
  summary: 'Follow a job as server-sent events until it ends. Last-Event-ID resumes.',
  params: { id },
  output: z.string(),
  mediaType: 'text/event-stream',
});

/**
 * `cancelled` is false, with the final status, for a job that has already ended. The cancellation of a queued job changes
 * nothing else. A change that was sent to the cluster keeps its version; `message` names what does not go back.
 */
export const cancelJob = operation({
  id: 'job.cancel',
  method: 'POST',
  path: '/jobs/:id/cancel',
  access: 'write',
  summary: 'Cancel a job: stop waiting and roll back to the previous revision.',
  params: { id },
  errors: ['service.in_use', 'app.in_use'],
  output: z.object({ cancelled: z.boolean(), status: JobStatus, message: z.string() }),
  examples: { output: { cancelled: false, status: 'completed', message: 'The job has already completed.' } },
});
