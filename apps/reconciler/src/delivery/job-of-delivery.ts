import type { JobChange } from '../jobs/change-jobs.js';
import type { OpenJob } from '../jobs/open-job-row.js';
import { itemIdOf, reachStep } from '../jobs/work-items.js';
import type { AfterInstruct } from './after-instruct.js';

/** How the job goes on after a delivery; undefined when that says nothing new. */
export function jobAfterDelivery(job: OpenJob, after: AfterInstruct): JobChange | undefined {
  const step = after.delivered ? (job.kind === 'delete' ? 'remove' : 'apply') : 'deliver';
  const workItems = reachStep(job.workItems, step, job.now.toISOString());
  const { jobId } = job;
  const word = wordOf(job, after);
  const said = { logs: word.logs, seen: word.seen };
  // A report can overtake the answer to the instruction: then the job is further than this knows.
  if (after.delivered && workItems === job.workItems) {
    const { progress, currentStep, reason } = job;
    return word.logs.length === 0 ? undefined : { jobId, workItems, progress, currentStep, reason, ...said };
  }
  const same = after.reason === job.reason && after.progress === job.progress && workItems === job.workItems;
  if (same && word.logs.length === 0) return undefined;
  return { jobId, workItems, progress: after.progress, currentStep: step, reason: after.reason, ...said };
}

/** What there is to log about the delivery: that it is done, or why the agent did not take it, each once. */
function wordOf({ workItems, seen }: OpenJob, after: AfterInstruct): Pick<JobChange, 'logs' | 'seen'> {
  const message = after.delivered ? 'The cluster agent has stored it.' : after.problem;
  const workItemId = itemIdOf(workItems, 'deliver');
  if (message === null || workItemId === undefined || seen.deliver === message) return { logs: [], seen };
  const level = after.delivered ? 'info' : 'warn';
  return { logs: [{ workItemId, level, message }], seen: { ...seen, deliver: message } };
}
