import type { Job, JobStatus } from '@runos/api';

export interface Cancellable {
  readonly type: Job['type'];
  /** How the job ended; null while it runs. */
  readonly ended: JobStatus | null;
  /** Its revision is the one that is wanted now. */
  readonly wanted: boolean;
  /** The highest revision that may have left this plane. */
  readonly sent: number;
  /** The revision the job is about. */
  readonly revision: number;
  readonly hasPrevious: boolean;
}

export interface CancelPlan {
  /** `restore` wants the previous revision again, `remove` wants it gone: before a creation there was nothing. */
  readonly do: 'refuse' | 'restore' | 'remove';
  readonly because: string;
}

const refuse = (because: string): CancelPlan => ({ do: 'refuse', because });

export function planCancel(job: Cancellable): CancelPlan {
  if (job.ended !== null) return refuse(`The job has ended already: ${job.ended}.`);
  if (job.type === 'cluster.delete') return refuse('The removal of a cluster cannot be taken back.');
  if (!job.wanted) return refuse('Something newer is wanted already.');
  if (job.type === 'service.delete' && job.sent >= job.revision) {
    return refuse('The deletion has been sent to the cluster; what is deleted there cannot be brought back.');
  }
  return job.hasPrevious
    ? { do: 'restore', because: 'the previous revision is wanted again' }
    : { do: 'remove', because: 'there was nothing before it' };
}
