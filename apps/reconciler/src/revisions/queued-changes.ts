import { Injectable } from '@nestjs/common';
import { Fault } from '@runos/kernel';
import { afterCommit, Database } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { AppReferences } from '../links/app-references.js';
import { CredentialRolloutRepository } from '../app-credentials/credential-rollout-repository.js';
import { InstanceRepository } from '../instances/instance-repository.js';
import { JobQueueRepository, type QueuedJob } from '../jobs/job-queue-repository.js';
import { JobStarter } from '../jobs/job-starter.js';
import type { JobEnd } from '../jobs/job-update-repository.js';
import { jobEnd, JobUpdates } from '../jobs/job-updates.js';
import { isAction } from '../jobs/queue-plan.js';
import { missingRenderer, rendererMissing, waitingForRenderer } from '../rendering/missing-renderer.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { Wakeups } from '../work/wakeups.js';
import { WorkRepository } from '../work/work-repository.js';
import { acceptedAppSpec, type DesiredSpec } from './desired-spec.js';
import { DataLossGuard } from './data-loss-guard.js';
import { faultOr } from './fault-or.js';
import { restarted, withNeededRestart } from './needed-restart.js';
import { RevisionRepository } from './revision-repository.js';
import { acceptedAt, RevisionWriter } from './revision-writer.js';

/** Starts queued changes, in the transaction that ended the job before them wherever this build can render them. */
@Injectable()
export class QueuedChanges {
  constructor(
    private readonly database: Database,
    private readonly instances: InstanceRepository,
    private readonly revisions: RevisionRepository,
    private readonly writer: RevisionWriter,
    private readonly dataLoss: DataLossGuard,
    private readonly queue: JobQueueRepository,
    private readonly starter: JobStarter,
    private readonly updates: JobUpdates,
    private readonly work: WorkRepository,
    private readonly wakeups: Wakeups,
    private readonly references: AppReferences,
    private readonly rollouts: CredentialRolloutRepository,
  ) {}

  /**
   * Starts the next job of each locked instance that has no started one. A job that cannot start fails. A job whose
   * renderer this build lacks stays queued, and any replica that claims the work of the instance starts it.
   */
  async startNext(sql: EntityManager, instanceIds: readonly number[]): Promise<void> {
    for (const instanceId of instanceIds) {
      if ((await this.#startFirst(sql, instanceId)) === undefined) continue;
      await this.work.requeue(sql, instanceId);
      afterCommit(sql, () => this.wakeups.wake('work'));
    }
  }

  /** Starts the next job of an instance that another replica has left. Returns the renderer that this build lacks too. */
  startLeft(instanceId: number): Promise<string | undefined> {
    return this.database.transaction(async (sql) => {
      await this.instances.lockRows(sql, [instanceId]);
      await this.queue.lockWork(sql, [instanceId]);
      return this.#startFirst(sql, instanceId);
    });
  }

  /** Cancels a queued job of a locked instance; the other open jobs go on. */
  async cancel(sql: EntityManager, instance: InstanceRow, jobId: string, changedBy: string): Promise<void> {
    const line = { level: 'warn', message: `Cancelled by ${changedBy}.` } as const;
    const end = jobEnd({ jobId, outcome: 'cancelled', reason: 'Cancelled', line });
    await this.#withdraw(sql, instance, end, { changedBy, acceptedGeneration: instance.generation + 1 });
  }

  /** Returns the renderer that this build lacks for the first job. */
  async #startFirst(sql: EntityManager, instanceId: number): Promise<string | undefined> {
    for (;;) {
      const job = await this.queue.next(sql, instanceId);
      if (job === undefined) return undefined;
      const [instance] = await this.instances.readAll(sql, [instanceId]);
      if (instance === undefined) throw new Error(`job ${job.jobId} is queued for an instance that does not exist`);
      const spec = specAtStart(instance, job);
      const missing = missingRenderer(instance.type, spec);
      if (missing !== undefined) {
        await this.queue.hold(sql, job.jobId, rendererMissing, waitingForRenderer(missing));
        return missing;
      }
      if (await this.#start(sql, instance, job, spec)) return undefined;
    }
  }

  /** Returns false when the change is refused; then its job has failed. */
  async #start(sql: EntityManager, instance: InstanceRow, job: QueuedJob, found: DesiredSpec): Promise<boolean> {
    const { jobId, pending } = job;
    const { spec, logs: restartLogs } = withNeededRestart(instance, found);
    const { id: instanceId } = instance;
    const { changedBy, trace } = pending;
    // An older build did not renumber the jobs behind a rollout that took an earlier place.
    const generation = Math.max(job.generation, instance.bundle_generation + 1);
    const acceptedGeneration = Math.max(generation, instance.generation);
    const rendered = faultOr(() => {
      this.dataLoss.refuseChange(instance, spec, pending.force);
      return this.writer.render(instance, spec);
    });
    if (rendered instanceof Fault) {
      const { message } = rendered;
      const line = { level: 'error', message } as const;
      const end = jobEnd({ jobId, outcome: 'failed', reason: 'Refused', error: message, line });
      // A refused action leaves the desired spec as it is.
      const refusedGeneration = instance.generation + (isAction(job.type) ? 0 : 1);
      await this.#withdraw(sql, instance, end, { changedBy, acceptedGeneration: refusedGeneration });
      return false;
    }
    const { digest } = rendered;
    const logs = [...rendered.logs, ...restartLogs];
    const change = {
      instanceId,
      generation,
      acceptedGeneration,
      kind: 'apply',
      spec,
      digest,
      jobId,
      changedBy,
      conditions: acceptedAt(instance, acceptedGeneration),
      trace,
      aboveRevision: null,
      acceptsDataLoss: pending.force === true,
    } as const;
    const revision = await this.revisions.create(sql, change);
    await this.starter.startQueued(sql, job, { ...instance, generation, revision, logs });
    return true;
  }

  async #withdraw(
    sql: EntityManager,
    instance: InstanceRow,
    end: JobEnd,
    change: { readonly changedBy: string; readonly acceptedGeneration: number },
  ): Promise<void> {
    const { id: instanceId } = instance;
    await this.updates.end(sql, [end]);
    await this.revisions.withdraw(sql, { instanceId, ...change });
    if (instance.kind === 'app') await this.#restoreApp(sql, instance, change.changedBy);
    await this.queue.describe(sql, instanceId);
  }

  /**
   * The links and the registry of the spec that is accepted without the withdrawn change: a queued rollout may still be
   * open. Its credentials may have changed while the withdrawn change had another registry.
   */
  async #restoreApp(sql: EntityManager, withdrawn: InstanceRow, changedBy: string): Promise<void> {
    const [instance] = await this.instances.readAll(sql, [withdrawn.id]);
    if (instance === undefined) return;
    const [spec, before] = [acceptedAppSpec(instance), acceptedAppSpec(withdrawn)];
    await this.references.replace(sql, instance, spec, before, changedBy);
    await this.rollouts.queueApp(sql, instance, changedBy);
    afterCommit(sql, () => this.wakeups.wake('app-credentials'));
  }
}

/** A queued rollout keeps the restarts before it; a restart keeps the spec that it finds. */
function specAtStart(instance: InstanceRow, { pending: { spec } }: QueuedJob): DesiredSpec {
  const { spec: current } = instance;
  return spec === undefined ? restarted(instance, current) : { ...spec, restartedAt: current.restartedAt };
}
