import type { Job, JobStatus } from '@runos/api';

export interface CancelInput {
  readonly type: Job['type'];
  /** The outcome of the job; null while it runs. */
  readonly outcome: JobStatus | null;
  /** The revision of the job is the desired one. */
  readonly isDesired: boolean;
  /** The highest revision that an agent may have received. */
  readonly sentRevision: number;
  /** The revision of the job. */
  readonly revision: number;
  readonly hasPrevious: boolean;
}

export interface CancelPlan {
  /** `restore` makes the previous revision desired; `remove` deletes the instance, because a creation has no previous one. */
  readonly action: 'refuse' | 'restore' | 'remove';
  readonly reason: string;
}

const refuse = (reason: string): CancelPlan => ({ action: 'refuse', reason });

export function planCancel(job: CancelInput): CancelPlan {
  if (job.outcome !== null) return refuse(`The job has ended already: ${job.outcome}.`);
  if (job.type === 'cluster.delete') return refuse('The deletion of a cluster cannot be cancelled.');
  if (!job.isDesired) return refuse('A newer change is desired already.');
  if (job.type === 'service.delete' && job.sentRevision >= job.revision) {
    return refuse('The deletion has been sent to the cluster; deleted objects cannot be restored.');
  }
  return job.hasPrevious
    ? { action: 'restore', reason: 'the previous revision is desired again' }
    : { action: 'remove', reason: 'a creation has no previous revision' };
}
