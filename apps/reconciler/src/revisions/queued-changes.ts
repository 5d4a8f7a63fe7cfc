import { Injectable } from '@nestjs/common';
import { Fault } from '@runos/kernel';
import type { EntityManager } from 'typeorm';
import { InstanceRepository } from '../instances/instance-repository.js';
import { JobQueue, type QueuedJob } from '../jobs/job-queue.js';
import { JobStarter } from '../jobs/job-starter.js';
import { type JobEnd, jobEnd, JobUpdates } from '../jobs/job-updates.js';
import type { InstanceRow } from '../schema/instance-row.js';
import type { DesiredSpec } from './desired-spec.js';
import { faultOr } from './fault-or.js';
import { RevisionRepository } from './revision-repository.js';
import { RevisionWriter } from './revision-writer.js';

/** Starts queued changes in the transaction that ended the job before them. */
@Injectable()
export class QueuedChanges {
  constructor(
    private readonly instances: InstanceRepository,
    private readonly revisions: RevisionRepository,
    private readonly writer: RevisionWriter,
    private readonly queue: JobQueue,
    private readonly starter: JobStarter,
    private readonly updates: JobUpdates,
  ) {}

  /** Starts the next job of each locked instance that has no started one. A job that cannot start fails. */
  async startNext(sql: EntityManager, instanceIds: readonly number[]): Promise<void> {
    for (const instanceId of instanceIds) {
      let isStarted = false;
      while (!isStarted) {
        const job = await this.queue.next(sql, instanceId);
        if (job === undefined) break;
        const [instance] = await this.instances.readAll(sql, [instanceId]);
        if (instance === undefined) throw new Error(`job ${job.jobId} is queued for an instance that does not exist`);
        isStarted = await this.#start(sql, instance, job);
      }
    }
  }

  /** Cancels a queued job of a locked instance; the other open jobs go on. */
  async cancel(sql: EntityManager, instanceId: number, jobId: string, changedBy: string): Promise<void> {
    const line = { level: 'warn', message: `Cancelled by ${changedBy}.` } as const;
    const end = jobEnd({ jobId, outcome: 'cancelled', reason: 'Cancelled', line });
    await this.#withdraw(sql, instanceId, end, changedBy);
  }

  /** Returns false when the change is refused; then its job has failed. */
  async #start(sql: EntityManager, instance: InstanceRow, job: QueuedJob): Promise<boolean> {
    const { jobId, pending } = job;
    const { id: instanceId, conditions } = instance;
    const { changedBy, trace } = pending;
    const spec = specAtStart(instance, job);
    // A rollout that took an earlier place in the queue has a higher generation than the jobs behind it.
    const generation = Math.max(job.generation, instance.bundle_generation + 1);
    const rendered = faultOr(() => this.writer.render(instance, spec));
    if (rendered instanceof Fault) {
      const { message } = rendered;
      const line = { level: 'error', message } as const;
      const end = jobEnd({ jobId, outcome: 'failed', reason: 'Refused', error: message, line });
      await this.#withdraw(sql, instanceId, end, changedBy);
      return false;
    }
    const { digest, logs } = rendered;
    const change = {
      instanceId,
      generation,
      kind: 'apply',
      spec,
      digest,
      jobId,
      changedBy,
      conditions,
      trace,
    } as const;
    const revision = await this.revisions.create(sql, change);
    await this.starter.startQueued(sql, job, { ...instance, generation, revision, logs });
    return true;
  }

  async #withdraw(sql: EntityManager, instanceId: number, end: JobEnd, changedBy: string): Promise<void> {
    await this.updates.end(sql, [end]);
    await this.revisions.withdraw(sql, instanceId, changedBy);
    await this.queue.describe(sql, instanceId);
  }
}

/** A queued rollout keeps the restarts before it; a restart keeps the spec that it finds. */
function specAtStart({ spec: current, now }: InstanceRow, { pending: { spec } }: QueuedJob): DesiredSpec {
  return spec === undefined
    ? { ...current, restartedAt: now.toISOString() }
    : { ...spec, restartedAt: current.restartedAt };
}
