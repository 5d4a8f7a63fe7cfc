import { Injectable } from '@nestjs/common';
import type { Job, JobStatus } from '@runos/api';
import type { reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Database } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { refuseUnfitVersion } from '../configuration/config-checks.js';
import { AgentInstructions } from '../delivery/agent-instructions.js';
import { InstanceRepository } from '../instances/instance-repository.js';
import { LinkResolver } from '../links/link-resolver.js';
import { DataLossGuard, isKeptByAgent } from '../revisions/data-loss-guard.js';
import type { DesiredSpec } from '../revisions/desired-spec.js';
import { faultOr, isRefusal } from '../revisions/fault-or.js';
import { QueuedChanges } from '../revisions/queued-changes.js';
import { RevisionRepository } from '../revisions/revision-repository.js';
import { RevisionWriter } from '../revisions/revision-writer.js';
import { cancellationTarget, exceptKept, type RollbackTarget } from '../revisions/rollback-target.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { WorkRepository } from '../work/work-repository.js';
import type { Caller } from '../writes/preconditions.js';
import { type CancellableJobRow, JobRepository } from './job-repository.js';
import { isAction, isDeletion, jobTypeOf } from './queue-plan.js';
import { jobEnd, JobUpdates } from './job-updates.js';

export interface CancelInput {
  readonly type: Job['type'];
  /** The outcome of the job; null while it runs. */
  readonly outcome: JobStatus | null;
  /** The revision of the job is the desired one. */
  readonly isDesired: boolean;
  /** The highest revision that an agent may have received. */
  readonly sentRevision: number;
  /** The revision of the job. */
  readonly revision: number;
  readonly hasPrevious: boolean;
  /** The job waits in the queue of its instance. */
  readonly queued: boolean;
  /** A queued rollout already replaces the revision of the job. */
  readonly rolloutQueued: boolean;
  /** The agent has stopped the deletion, and nothing is deleted. */
  readonly isHeld: boolean;
}

interface CancelPlan {
  /**
   * `withdraw` takes the job from the queue; `start-next` ends it, and the next one starts. `restore` makes the previous
   * revision desired; `remove` deletes the instance, because a creation has no previous one. `hold` stops
   * the deletion at the agent before that is decided.
   */
  readonly action: 'refuse' | 'hold' | 'withdraw' | 'start-next' | 'restore' | 'remove';
  readonly reason: string;
}

const refuse = (reason: string): CancelPlan => ({ action: 'refuse', reason });

export function planCancel(job: CancelInput): CancelPlan {
  if (job.outcome !== null) return refuse(`The job has ended already: ${job.outcome}.`);
  if (job.type === 'cluster.delete') return refuse('The deletion of a cluster cannot be cancelled.');
  if (job.type === 'addon.install' || job.type === 'addon.remove') {
    return refuse('A job of an add-on cannot be cancelled; install or remove the add-on instead, which replaces it.');
  }
  if (job.queued) return { action: 'withdraw', reason: 'the job has not started' };
  if (!job.isDesired) return refuse('A newer change is desired already.');
  if (isDeletion(job.type) && job.sentRevision >= job.revision && !job.isHeld) {
    return { action: 'hold', reason: 'The deletion has been sent to the cluster; deleted objects cannot be restored.' };
  }
  if (job.rolloutQueued) return { action: 'start-next', reason: 'a queued change replaces it' };
  return job.hasPrevious
    ? { action: 'restore', reason: 'the previous revision is desired again' }
    : { action: 'remove', reason: 'a creation has no previous revision' };
}

/** The deletion may have begun: only the agent knows. */
interface HoldRequest {
  readonly hold: InstanceRow;
  readonly status: Job['status'];
  /** The answer if it has begun. */
  readonly message: string;
}

type Cancellation = z.output<typeof reconciler.cancelJob.output>;

/** Cancels a job and makes the revision before it desired again, as far as it can be, with a job of its own. */
@Injectable()
export class CancelJob {
  constructor(
    private readonly database: Database,
    private readonly instances: InstanceRepository,
    private readonly revisions: RevisionRepository,
    private readonly writer: RevisionWriter,
    private readonly dataLoss: DataLossGuard,
    private readonly work: WorkRepository,
    private readonly jobs: JobRepository,
    private readonly updates: JobUpdates,
    private readonly queued: QueuedChanges,
    private readonly instructions: AgentInstructions,
    private readonly links: LinkResolver,
  ) {}

  /** @throws Fault `job.not_found`; `service.in_use` or `app.in_use` for the creation of an instance that others need */
  async run(id: string, caller: Caller): Promise<Cancellation> {
    const first = await this.database.transaction((sql) => this.#cancel(sql, id, caller, false));
    if (!('hold' in first)) return first;
    // A request to the agent must not hold a lock.
    const { held, reason } = await this.instructions.holdDeletion(first.hold);
    if (!held) {
      const { status } = first;
      return { cancelled: false, status, message: [first.message, reason].filter(Boolean).join(' ') };
    }
    const { revision } = first.hold;
    return this.database.transaction(async (sql) => {
      const last = await this.#cancel(sql, id, caller, revision);
      return 'hold' in last ? { cancelled: false, status: last.status, message: last.message } : last;
    });
  }

  async #cancel(
    sql: EntityManager,
    id: string,
    { tenant, changedBy }: Caller,
    heldRevision: number | false,
  ): Promise<Cancellation | HoldRequest> {
    const unlocked = await this.#get(sql, id, tenant);
    const instance = await this.#lockInstance(sql, unlocked, tenant);
    // Until the instance was locked, the job may have ended.
    const job = await this.#get(sql, id, tenant);
    const sentRevision = instance === undefined ? 0 : await this.work.lockSentRevision(sql, instance.id);
    const earlier = instance && (await this.revisions.previousSpec(sql, instance.id, job.revision));
    const plan = planCancel({
      type: job.type,
      outcome: job.outcome,
      isDesired: instance !== undefined && instance.revision === job.revision,
      sentRevision,
      revision: job.revision,
      hasPrevious: earlier !== undefined,
      queued: job.queued,
      rolloutQueued: instance !== undefined && instance.queued_spec !== null,
      isHeld: heldRevision === job.revision,
    });
    if (plan.action === 'hold' && instance !== undefined) {
      return { hold: instance, status: job.status, message: plan.reason };
    }
    if (plan.action === 'refuse' || instance === undefined) {
      return { cancelled: false, status: job.status, message: plan.reason };
    }
    if (plan.action === 'withdraw') {
      // The current revision is desired again, if this is the queued rollout.
      const gone = isAction(job.type) ? undefined : await this.#goneLinks(sql, instance, instance.spec);
      if (gone !== undefined) return { cancelled: false, status: job.status, message: gone.message };
      await this.queued.cancel(sql, instance, id, changedBy);
      return { cancelled: true, status: 'cancelled', message: 'Cancelled before it started; nothing was changed.' };
    }
    if (plan.action === 'start-next') {
      await this.#end(sql, id, `Cancelled by ${changedBy}.`);
      await this.queued.startNext(sql, [instance.id]);
      return { cancelled: true, status: 'cancelled', message: 'Cancelled; the next queued job has started.' };
    }
    if (plan.action !== 'restore' || earlier === undefined) {
      return this.#rollBack(sql, job, instance, undefined, changedBy);
    }
    const target = cancellationTarget(instance, earlier, sentRevision >= job.revision);
    const gone = await this.#goneLinks(sql, instance, target.spec);
    if (gone !== undefined) return { cancelled: false, status: job.status, message: gone.message };
    const refusal = faultOr(() => {
      if (earlier.kind === 'service' && target.spec.kind === 'service') {
        refuseUnfitVersion(instance.type, earlier, target.spec);
      }
      // The agent compares the previous revision with what runs.
      this.dataLoss.refuseChange(instance, target.spec, isKeptByAgent(instance));
    });
    if (refusal instanceof Fault) return { cancelled: false, status: job.status, message: refusal.message };
    return this.#rollBack(sql, job, instance, target, changedBy);
  }

  /** What the previous revision requires may be deleted since. */
  async #goneLinks(sql: EntityManager, instance: InstanceRow, spec: DesiredSpec): Promise<Fault | undefined> {
    try {
      await this.links.refuseGone(sql, instance, spec);
      return undefined;
    } catch (error) {
      if (isRefusal(error)) return error;
      throw error;
    }
  }

  async #rollBack(
    sql: EntityManager,
    { job_id: jobId }: CancellableJobRow,
    instance: InstanceRow,
    target: RollbackTarget | undefined,
    changedBy: string,
  ): Promise<Cancellation> {
    const effect = target === undefined ? 'removes it' : `restores the previous revision${exceptKept(target.kept)}`;
    await this.#end(sql, jobId, `Cancelled by ${changedBy}. The rollback ${effect}.`);
    const next =
      target === undefined
        ? await this.writer.writeTombstone(sql, instance, changedBy)
        : await this.writer.writeSpec(sql, instance, {
            spec: target.spec,
            type: jobTypeOf(instance.kind, 'update'),
            changedBy,
          });
    return { cancelled: true, status: 'cancelled', message: `Cancelled; job ${next} ${effect}.` };
  }

  async #end(sql: EntityManager, jobId: string, message: string): Promise<void> {
    const line = { level: 'warn', message } as const;
    await this.updates.end(sql, [jobEnd({ jobId, outcome: 'cancelled', reason: 'Cancelled', line })]);
  }

  async #get(sql: EntityManager, id: string, tenant: string): Promise<CancellableJobRow> {
    const found = await this.jobs.findCancellable(sql, id, tenant);
    if (found === undefined) throw new Fault('job.not_found', `There is no job "${id}".`);
    return found;
  }

  async #lockInstance(sql: EntityManager, { osid, cid }: CancellableJobRow, tenant: string) {
    if (osid === null) return undefined;
    const type = osid.slice(0, osid.lastIndexOf('-'));
    return this.instances.lockIfExists(sql, tenant, { cid, type, id: osid });
  }
}
