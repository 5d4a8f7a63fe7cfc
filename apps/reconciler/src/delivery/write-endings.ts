import type { Carrier } from '@runos/observability';
import type { EntityManager } from 'typeorm';
import { changeJobs, type JobChange } from '../jobs/change-jobs.js';
import { type OpenJob, openJobsOf } from '../jobs/open-job-row.js';
import type { Claim } from '../work/claim-work.js';
import { type Finish, type Finished, finishWork } from '../work/finish-work.js';
import type { AfterInstruct } from './after-instruct.js';
import { jobAfterDelivery } from './job-of-delivery.js';

/** How a turn of work ended for its claim, and what followed from the instruction, if one was sent. */
export interface Ending {
  readonly finish: Finish;
  readonly after?: AfterInstruct;
  readonly trace: Carrier;
}

/** What follows from an instruction, for the claim it was sent for. */
export function endingAfter(claim: Claim, after: AfterInstruct): Omit<Ending, 'trace'> {
  const { delivered, failures, againInMs } = after;
  return { finish: { claim, failures, againInMs, ...(delivered ? { delivered: claim.revision } : {}) }, after };
}

/**
 * Writes down how turns of work ended and how the jobs that waited for them go on; answers, in the same order, when the
 * rows are due again. Of a claim that was lost meanwhile nothing is written.
 */
export async function writeEndings(
  sql: EntityManager,
  endings: readonly Ending[],
): Promise<readonly (Finished | undefined)[]> {
  const finished = await finishWork(
    sql,
    endings.map(({ finish }) => finish),
  );
  const told = endings.filter(({ after }, index) => after !== undefined && finished[index] !== undefined);
  if (told.length === 0) return finished;
  const jobs = await openJobsOf(
    sql,
    told.map(({ finish }) => finish.claim.id),
  );
  await changeJobs(
    sql,
    told.flatMap((ending) => changeOf(jobs.get(ending.finish.claim.id), ending) ?? []),
  );
  return finished;
}

function changeOf(job: OpenJob | undefined, { finish: { claim }, after, trace }: Ending): JobChange | undefined {
  if (job === undefined || after === undefined || job.revision !== claim.revision) return undefined;
  // The clock of a paused job stands for its absent agent, and says so already.
  const change = job.paused && !after.delivered ? undefined : jobAfterDelivery(job, after);
  return change && { ...change, trace };
}
