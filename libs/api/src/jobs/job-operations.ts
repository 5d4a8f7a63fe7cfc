import { z } from 'zod';
import { NextCursor, page } from '../field.js';
import { operation } from '../operation.js';
import { pathParams } from '../path-params.js';
import { Job, JobLogs, JobStatus, JobType, WorkItems } from './job-shapes.js';

const { aid, jobId: id, workItemId } = pathParams;

export const ListJobs = page(50, 200).extend({
  status: JobStatus.optional(),
  type: JobType.optional(),
  cid: z.string().max(16).optional(),
  osid: z.string().max(63).optional(),
});

export const listJobs = operation({
  id: 'job.list',
  method: 'GET',
  path: '/:aid/jobs',
  access: 'read',
  summary: 'The jobs of the account, newest first.',
  params: { aid },
  query: ListJobs,
  output: z.object({ jobs: z.array(Job), nextCursor: NextCursor }),
});

/** The routes below carry no account: the level holds in the account the job belongs to, if the caller is one of its members. */
export const showJob = operation({
  id: 'job.show',
  method: 'GET',
  path: '/jobs/:id',
  access: 'read',
  summary: 'One job.',
  params: { id },
  output: Job,
});

export const listWorkItems = operation({
  id: 'job.workitems',
  method: 'GET',
  path: '/jobs/:id/workitems',
  access: 'read',
  summary: 'The steps of a job.',
  params: { id },
  output: WorkItems,
});

export const listJobLogs = operation({
  id: 'job.logs',
  method: 'GET',
  path: '/jobs/:id/workitems/:wid/logs',
  access: 'read',
  summary: 'Log lines of a step, those after a cursor.',
  params: { id, wid: workItemId },
  query: z.strictObject({ after: z.string().max(64).optional() }),
  output: JobLogs,
});

export const streamJob = operation({
  id: 'job.stream',
  method: 'GET',
  path: '/jobs/:id/stream',
  access: 'read',
  summary: 'A job as server-sent events until it ends; Last-Event-ID resumes.',
  params: { id },
  output: z.string(),
  mediaType: 'text/event-stream',
});

export const cancelJob = operation({
  id: 'job.cancel',
  method: 'POST',
  path: '/jobs/:id/cancel',
  access: 'write',
  summary: 'Stop waiting and ask for the previous revision back.',
  params: { id },
  output: z.object({ cancelled: z.boolean(), status: JobStatus, message: z.string() }),
  examples: { output: { cancelled: false, status: 'completed', message: 'The job has already completed.' } },
});
