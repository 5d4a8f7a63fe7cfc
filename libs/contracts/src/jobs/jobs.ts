import { Job, JobLogs, JobStatus, ListJobs, WorkItems } from '@runos/api';
import { z } from 'zod';
import { event, request } from '../contract.js';

const fromGateway = {
  owner: 'jobs',
  callers: ['gateway'],
  scope: 'plane',
  deadlineMs: 4_000,
  idempotent: true,
} as const;

export const listJobs = request({
  ...fromGateway,
  scope: 'tenant',
  subject: 'jobs.v1.list',
  input: ListJobs,
  output: z.object({ jobs: z.array(Job), nextCursor: z.string().nullable() }),
});

/** A job's routes carry no account: `aids` are the caller's accounts, and any other job does not exist for them. */
const whose = { id: z.uuid(), aids: z.array(z.string()) };

export const showJob = request({ ...fromGateway, subject: 'jobs.v1.show', input: z.object(whose), output: Job });

export const listWorkItems = request({
  ...fromGateway,
  subject: 'jobs.v1.workitems',
  input: z.object(whose),
  output: WorkItems,
});

export const listJobLogs = request({
  ...fromGateway,
  subject: 'jobs.v1.logs',
  input: z.object({ ...whose, workItemId: z.uuid(), after: z.string().optional() }),
  output: JobLogs,
});

/** Wakes those who follow a job; what changed they read. */
export const jobChanged = event({
  subject: 'jobs.v1.changed',
  owner: 'jobs',
  subscribers: ['gateway'],
  body: z.object({ id: z.uuid(), aid: z.string(), seq: z.int(), status: JobStatus }),
  delivery: 'at-most-once',
  receivers: 'every-replica',
});
