import type { Job } from '@runos/api';
import type { JobProgress } from '@runos/contracts';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { endJobs } from './end-jobs.js';
import { agentAbsent, waitingForAgent } from './job-clocks.js';
import type { LogLevel } from './job-of-report.js';
import { openJob } from './open-job.js';
import { type JobKind, newWorkItems, type Step } from './work-items.js';

/** What a job about an instance is begun with. */
export interface JobOfInstance {
  readonly jobId: string;
  readonly type: Job['type'];
  readonly kind: JobKind;
  readonly aid: string;
  readonly cid: string;
  readonly clusterId: number;
  readonly instanceId: number;
  readonly osid: string;
  readonly generation: number;
  readonly revision: number;
  /** Whether the cluster agent holds a stream now. */
  readonly present: boolean;
  readonly now: Date;
  readonly budgetMs: number;
  readonly leaveMs: number;
  readonly logs: readonly { readonly step: Step; readonly level: LogLevel; readonly message: string }[];
}

/** Ends the open job of an instance, if there is one, because a newer write took its place. */
export async function supersede(sql: EntityManager, instanceId: number, by: string): Promise<void> {
  const open = await runSql<{ job_id: string }>(
    sql,
    'SELECT job_id FROM job_ref WHERE instance_id = $1 AND outcome IS NULL',
    [instanceId],
  );
  await endJobs(
    sql,
    open.map(({ job_id }) => ({
      jobId: job_id,
      outcome: 'cancelled',
      reason: 'Superseded',
      error: null,
      supersededBy: by,
      line: { level: 'info', message: `A newer change took its place: job ${by}.` },
    })),
  );
}

/** Opens the one job of an instance. What the write itself did is done; an absent agent is what it waits for first. */
export function beginJob(sql: EntityManager, job: JobOfInstance): Promise<JobProgress> {
  const { now, present, logs, ...rest } = job;
  const waiting = waitingForAgent(job.cid);
  return openJob(sql, {
    ...rest,
    workItems: newWorkItems({ ...job, first: 'deliver', now: now.toISOString(), mintId: uuidv7 }),
    firstStep: 'deliver',
    progress: present ? null : waiting,
    reason: present ? null : agentAbsent,
    paused: !present,
    logs: present ? logs : [...logs, { step: 'deliver', level: 'info', message: `${waiting}.` }],
  });
}
