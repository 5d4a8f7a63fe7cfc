import { Job, JobLogs, JobStatus, ListJobs, WorkItems } from '@runos/api';
import { z } from 'zod';
import { event, request } from '../contract.js';

const gatewayRequest = {
  owner: 'jobs',
  callers: ['gateway'],
  scope: 'plane',
  deadlineMs: 4_000,
  idempotent: true,
} as const;

export const listJobs = request({
  ...gatewayRequest,
  scope: 'tenant',
  subject: 'jobs.v1.list',
  input: ListJobs,
  output: z.object({ jobs: z.array(Job), nextCursor: z.string().nullable() }),
});

/** The routes of a job contain no account. `aids` are the caller's accounts; jobs of other accounts are not found. */
const jobOfCaller = { id: z.uuid(), aids: z.array(z.string()) };

export const showJob = request({
  ...gatewayRequest,
  subject: 'jobs.v1.show',
  input: z.object(jobOfCaller),
  output: Job,
});

export const listWorkItems = request({
  ...gatewayRequest,
  subject: 'jobs.v1.workitems',
  input: z.object(jobOfCaller),
  output: WorkItems,
});

export const listJobLogs = request({
  ...gatewayRequest,
  subject: 'jobs.v1.logs',
  input: z.object({ ...jobOfCaller, workItemId: z.uuid(), after: z.string().optional() }),
  output: JobLogs,
});

/** Wakes followers of a job, which then read the changes. */
export const jobChanged = event({
  subject: 'jobs.v1.changed',
  owner: 'jobs',
  subscribers: ['gateway'],
  body: z.object({ id: z.uuid(), aid: z.string(), seq: z.int(), status: JobStatus }),
  delivery: 'at-most-once',
  receivers: 'every-replica',
});
