import { JobRepository } from '../src/jobs/job-repository.js';
import { newWorkItems } from '../src/jobs/work-items.js';
import { v7 as uuidv7 } from 'uuid';

type NewJob = Parameters<JobRepository['create']>[1];

/** A job of a first revision that waits for its delivery. */
export const newJob = (
  job: Pick<NewJob, 'jobId' | 'clusterId' | 'instanceId' | 'osid'> & Partial<Pick<NewJob, 'logs'>>,
): NewJob => ({
  aid: 'aaaaa',
  cid: 'abc',
  type: 'service.create',
  kind: 'apply',
  generation: 1,
  revision: 1,
  workItems: newWorkItems({
    kind: 'apply',
    jobId: job.jobId,
    first: 'deliver',
    now: new Date().toISOString(),
    mintId: uuidv7,
  }),
  firstStep: 'deliver',
  progress: null,
  reason: null,
  timeoutMs: 900_000,
  absenceBudgetMs: 86_400_000,
  paused: false,
  queuePosition: null,
  pending: null,
  logs: [],
  ...job,
});
