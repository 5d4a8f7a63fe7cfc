import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { JobRepository } from '../jobs/job-repository.js';
import type { JobChange } from '../jobs/job-update-repository.js';
import { jobChange, JobUpdates } from '../jobs/job-updates.js';
import { reachStep, type Step, workItemIdOf } from '../jobs/work-items.js';
import type { OpenJob } from '../schema/job-row.js';
import type { ClusterName } from '../clusters/cluster-share.js';
import type { BatchItem } from '../work/traced-batcher.js';
import { type ReleasedClaim, type WorkResult, WorkRepository } from '../work/work-repository.js';
import type { DeliveryResult } from './delivery-plan.js';

/** The result of claimed work, and of the instruction, if one was sent. */
export interface DeliveryEnd {
  readonly work: WorkResult;
  readonly result?: DeliveryResult;
  /** Its share of the connections is used. */
  readonly cluster: ClusterName;
}

/** Writes the results of deliveries: it releases the claims and updates the waiting jobs. */
@Injectable()
export class DeliveryResults {
  constructor(
    private readonly work: WorkRepository,
    private readonly jobs: JobRepository,
    private readonly updates: JobUpdates,
  ) {}

  /** Returns the released claims in the same order. Nothing is written for a claim with an old fencing token. */
  async write(
    sql: EntityManager,
    ends: readonly BatchItem<DeliveryEnd>[],
  ): Promise<readonly (ReleasedClaim | undefined)[]> {
    const released = await this.work.release(
      sql,
      ends.map(({ value }) => value.work),
    );
    const instructed = ends.filter(({ value }, index) => value.result !== undefined && released[index] !== undefined);
    if (instructed.length === 0) return released;
    const jobs = await this.jobs.lockOpen(
      sql,
      instructed.map(({ value }) => value.work.claim.id),
    );
    const changes = instructed.flatMap((end) => end.run(() => changeOf(end.value, jobs)) ?? []);
    await this.updates.change(sql, changes);
    return released;
  }
}

function changeOf({ work: { claim }, result }: DeliveryEnd, jobs: ReadonlyMap<number, OpenJob>) {
  const job = jobs.get(claim.id);
  if (job === undefined || result === undefined || job.revision !== claim.revision) return undefined;
  // A paused job shows the absence of its agent already.
  return job.paused && !result.delivered ? undefined : jobChangeAfterDelivery(job, result);
}

/** The change of a job after a delivery that reached `step`; undefined when the result shows nothing new. */
export function jobChangeAfterDelivery(
  job: OpenJob,
  result: DeliveryResult,
  step: Step = stepAfterDelivery(job, result),
): JobChange | undefined {
  const workItems = reachStep(job.workItems, step, job.now.toISOString());
  const { jobId } = job;
  const logged = deliveryLog(job, result);
  // A report can overtake the reply to the instruction: then the job is at a later step already.
  if (result.delivered && workItems === job.workItems) {
    const { progress, currentStep, reason } = job;
    return logged.logs.length === 0
      ? undefined
      : jobChange({ jobId, workItems, progress, currentStep, reason, ...logged });
  }
  const isSame = result.reason === job.reason && result.progress === job.progress && workItems === job.workItems;
  if (isSame && logged.logs.length === 0) return undefined;
  const { progress, reason } = result;
  return jobChange({ jobId, workItems, progress, currentStep: step, reason, ...logged });
}

function stepAfterDelivery({ kind }: OpenJob, { delivered, waitsForAddon }: DeliveryResult): Step {
  if (delivered) return kind === 'delete' ? 'remove' : 'apply';
  return waitsForAddon === true ? 'install-addon' : 'deliver';
}

/** The log line of a delivery: that the agent stored the bundle, or why it refused it. Equal lines are logged once. */
function deliveryLog(
  { workItems, loggedStates }: OpenJob,
  result: DeliveryResult,
): Pick<JobChange, 'logs' | 'loggedStates'> {
  const message = result.problem ?? (result.delivered ? 'The cluster agent has stored it.' : null);
  const workItemId = workItemIdOf(workItems, 'deliver');
  if (message === null || workItemId === undefined || loggedStates.deliver === message) {
    return { logs: [], loggedStates };
  }
  const level = result.delivered ? 'info' : 'warn';
  return { logs: [{ workItemId, level, message }], loggedStates: { ...loggedStates, deliver: message } };
}
