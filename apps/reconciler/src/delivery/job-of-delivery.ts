import type { JobChange } from '../jobs/change-jobs.js';
import type { OpenJob } from '../jobs/open-job-row.js';
import { itemIdOf, reachStep } from '../jobs/work-items.js';
import type { AfterInstruct } from './after-instruct.js';

/** How the job goes on after a delivery; undefined when that says nothing new. */
export function jobAfterDelivery(job: OpenJob, after: AfterInstruct): JobChange | undefined {
  const now = job.now.toISOString();
  const step = after.delivered ? (job.kind === 'delete' ? 'remove' : 'apply') : 'deliver';
  const workItems = reachStep(job.workItems, step, now);
  // A report can overtake the answer to the instruction: then the job is further than this knows.
  const overtaken = after.delivered && workItems === job.workItems;
  const same = after.reason === job.reason && after.progress === job.progress && workItems === job.workItems;
  if (overtaken || same) return undefined;
  const deliverItem = itemIdOf(job.workItems, 'deliver');
  const said = after.problem !== null && job.seen.deliver === after.problem;
  const logs =
    after.problem === null || said || deliverItem === undefined
      ? []
      : [{ workItemId: deliverItem, level: 'warn' as const, message: after.problem }];
  const { jobId, seen } = job;
  return {
    jobId,
    workItems,
    progress: after.progress,
    currentStep: step,
    reason: after.reason,
    seen: after.problem === null ? seen : { ...seen, deliver: after.problem },
    logs,
  };
}
