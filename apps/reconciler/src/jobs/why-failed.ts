import type { Report } from '../status/report.js';
import { type Trouble, troubleIn } from '../status/trouble.js';
import type { Step } from './work-items.js';

export interface OverdueJob {
  readonly osid: string | null;
  readonly cid: string | null;
  /** What the job could use of its time, ms. */
  readonly budgetMs: number;
  readonly step: Step | null;
  /** Its agent was away when time ran out, and had been for this long in all. */
  readonly absentForMs: number | null;
  /** What the job waited for, if it said so. */
  readonly reason: string | null;
  readonly progress: string | null;
  /** The last report about the generation the job is about. */
  readonly report: Pick<Report, 'objects' | 'conditions'> | undefined;
}

/** Why a job that ran out of time did: reason, object and remedy, as its `reason` and `error`. */
export function whyFailed(job: OverdueJob): Trouble {
  const what = job.osid ?? `cluster ${job.cid ?? ''}`;
  if (job.absentForMs !== null) {
    return {
      reason: 'AgentAbsent',
      message: `${what}: the agent of cluster ${job.cid ?? ''} was away for ${inWords(job.absentForMs)}. What was asked for stays wanted and is done when the agent is back; see that it runs and reaches this server.`,
    };
  }
  const within = `within ${inWords(job.budgetMs)}`;
  const trouble = job.report && troubleIn(job.report);
  if (trouble) return { reason: trouble.reason, message: `${what} ${undone(job.step)} ${within}: ${trouble.message}` };
  return {
    reason: job.reason ?? 'DeadlineExceeded',
    message: `${what} ${undone(job.step)} ${within}${job.progress === null ? '' : ` (${job.progress})`}: the cluster has not said why; look at the objects in namespace ${job.osid ?? ''} and at the log of the cluster agent.`,
  };
}

const undone = (step: Step | null): string => {
  switch (step) {
    case 'deliver':
      return 'could not be handed to its cluster';
    case 'apply':
      return 'could not be applied';
    case 'remove':
    case 'confirm-gone':
      return 'is not gone';
    default:
      return 'did not get ready';
  }
};

/** `15 minutes`, `90 seconds`, `24 hours`. */
export function inWords(ms: number): string {
  const units = [
    { name: 'hour', ms: 3_600_000 },
    { name: 'minute', ms: 60_000 },
    { name: 'second', ms: 1_000 },
  ];
  const unit = units.find((each) => ms >= each.ms && ms % each.ms === 0) ?? { name: 'second', ms: 1_000 };
  const count = Math.max(1, Math.round(ms / unit.ms));
  return `${count} ${unit.name}${count === 1 ? '' : 's'}`;
}
