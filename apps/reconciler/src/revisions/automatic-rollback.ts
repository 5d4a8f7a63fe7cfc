import type { LogLine } from '../jobs/work-items.js';

/** A change that takes back what has failed, by itself. */
export interface AutomaticRollback {
  /** The id of its job: the failed job names it already. */
  readonly jobId: string;
  readonly failedJobId: string;
  /** Why that job failed. */
  readonly reason: string;
  /** The revision whose spec is desired again. */
  readonly revision: number;
  /** A sentence about the other changes that it takes back; empty if there are none. */
  readonly undone: string;
}

export const describeRollback = ({ failedJobId, reason, revision, undone }: AutomaticRollback): LogLine => ({
  step: 'validate',
  level: 'warn',
  message: `Job ${failedJobId} failed (${reason}). This job goes back to revision ${revision} by itself.${undone}`,
});
