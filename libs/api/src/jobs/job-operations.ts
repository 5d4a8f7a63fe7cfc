import { z } from 'zod';
import { NextCursor, page } from '../operation/fields.js';
import { operation } from '../operation/operation.js';
import { pathParams } from '../operation/path-params.js';
import { Job, JobLogs, JobStatus, JobType, WorkItems } from './job-shapes.js';

const { aid, jobId: id, workItemId } = pathParams;

/** Filters of a list of jobs; absent filters match every job. */
export const ListJobs = page(50, 200).extend({
  status: JobStatus.optional(),
  type: JobType.optional(),
  cid: z.string().max(16).optional(),
  osid: z.string().max(63).optional(),
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

/** `after` is the `id` of the last log line received. Errors: `request.invalid` for a malformed cursor. */
export const listJobLogs = operation({
  id: 'job.logs',
  method: 'GET',
  path: '/jobs/:id/workitems/:wid/logs',
  access: 'read',
  summary: 'List the log lines of a work item after a cursor.',
  params: { id, wid: workItemId },
  query: z.strictObject({ after: z.string().max(64).optional() }),
  output: JobLogs,
});

/**
 * Events `job`, `workitem` and `log`, each with a cursor as its id; a comment every 15 s keeps the connection open. The
 * stream ends after the `job` event with the final status. 204 when the cursor already covers that event. Errors:
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

/** `cancelled` is false, with the final status, for a job that has already ended. */
export const cancelJob = operation({
  id: 'job.cancel',
  method: 'POST',
  path: '/jobs/:id/cancel',
  access: 'write',
  summary: 'Cancel a job: stop waiting and roll back to the previous revision.',
  params: { id },
  output: z.object({ cancelled: z.boolean(), status: JobStatus, message: z.string() }),
  examples: { output: { cancelled: false, status: 'completed', message: 'The job has already completed.' } },
});
