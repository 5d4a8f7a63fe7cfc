import type { BundleReport } from '../bundle-status/bundle-report.js';
import { findProblem, type InstanceProblem } from '../bundle-status/instance-problem.js';
import { agentAbsent } from './paused-deadlines.js';
import type { Step } from './work-items.js';

export interface OverdueJob {
  readonly osid: string | null;
  readonly cid: string | null;
  /** The whole timeout of the job, ms. */
  readonly timeoutMs: number;
  readonly step: Step | null;
  /** Set when the agent was disconnected at the deadline: the whole absence budget, ms. */
  readonly absentForMs: number | null;
  /** Why the job waited, if it recorded a reason. */
  readonly reason: string | null;
  readonly progress: string | null;
  /** The last report about the job's generation. */
  readonly report: Pick<BundleReport, 'objects' | 'conditions'> | undefined;
}

/** The `reason` and the `error` of a job that exceeded its deadline: object, cause and remedy. */
export function deadlineFailure(job: OverdueJob): InstanceProblem {
  const subject = job.osid ?? `cluster ${job.cid ?? ''}`;
  if (job.absentForMs !== null) {
    return {
      reason: agentAbsent,
      message: `${subject}: the agent of cluster ${job.cid ?? ''} was disconnected for ${formatDuration(job.absentForMs)}. The change stays desired and is applied when the agent connects; check that the agent runs and reaches this server.`,
    };
  }
  const within = `within ${formatDuration(job.timeoutMs)}`;
  const problem = job.report && findProblem(job.report);
  if (problem) {
    return { reason: problem.reason, message: `${subject} ${failureOf(job.step)} ${within}: ${problem.message}` };
  }
  return {
    reason: job.reason ?? 'DeadlineExceeded',
    message: `${subject} ${failureOf(job.step)} ${within}${job.progress === null ? '' : ` (${job.progress})`}: the cluster reported no cause; look at the objects in namespace ${job.osid ?? ''} and at the log of the cluster agent.`,
  };
}

const failureOf = (step: Step | null): string => {
  switch (step) {
    case 'deliver':
      return 'could not be delivered to its cluster';
    case 'apply':
      return 'could not be applied';
    case 'remove':
    case 'confirm-gone':
      return 'is not deleted';
    default:
      return 'did not get ready';
  }
};

/** `15 minutes`, `90 seconds`, `24 hours`. */
export function formatDuration(ms: number): string {
  const units = [
    { name: 'hour', ms: 3_600_000 },
    { name: 'minute', ms: 60_000 },
    { name: 'second', ms: 1_000 },
  ];
  const unit = units.find((each) => ms >= each.ms && ms % each.ms === 0) ?? { name: 'second', ms: 1_000 };
  const count = Math.max(1, Math.round(ms / unit.ms));
  return `${count} ${unit.name}${count === 1 ? '' : 's'}`;
}
