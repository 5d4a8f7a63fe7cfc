import { Injectable } from '@nestjs/common';
import type { Job } from '@runos/api';
import { kindCatalog } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import { clusterOf } from '../instances/event-budget.js';
import { EventRepository } from '../instances/event-repository.js';
import { InstanceRepository } from '../instances/instance-repository.js';
import { InstanceSecrets } from '../instances/instance-secrets.js';
import { mintJobId } from '../jobs/job-starter.js';
import { isAction, isDeletion, jobTypeOf } from '../jobs/queue-plan.js';
import type { Step } from '../jobs/work-items.js';
import { rolledBackEvent } from '../bundle-status/report-events.js';
import { renderObjects } from '../rendering/render-bundle.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { formatRisks, storedDataRisks } from './data-risks.js';
import type { DesiredSpec } from './desired-spec.js';
import { isRefusal } from './fault-or.js';
import { RevisionWriter } from './revision-writer.js';
import { RollbackResolver } from './rollback-resolver.js';
import { exceptKept } from './rollback-target.js';
import { UndoneChanges } from './undone-changes.js';

/** A job that has failed at its deadline. */
export interface FailedRollout {
  readonly jobId: string;
  readonly type: Job['type'];
  readonly step: Step | null;
  readonly revision: number;
  /** It is an automatic rollback itself. */
  readonly isRollback: boolean;
  /** Why it failed. */
  readonly reason: string;
}

interface Rollback {
  readonly instance: InstanceRow;
  readonly failed: FailedRollout;
  readonly spec: DesiredSpec;
  /** The revision that it goes back to. */
  readonly revision: number;
  readonly jobId: string;
  /** A sentence about the other changes that it takes back; empty if there are none. */
  readonly undone: string;
}

interface AutoRollbackPlan {
  /** A sentence for the error of the failed job. */
  readonly message: string;
  /** Absent: it goes nowhere. */
  readonly rollback?: Rollback;
}

/** The steps in which the cluster judges a revision. Before them, nothing of it runs. */
const judgedSteps: ReadonlySet<Step | null> = new Set<Step | null>(['apply', 'wait-ready']);

/**
 * Goes back to the last revision whose rollout was complete, when the rollout of a later one has failed. Everything
 * happens in the transaction that ends the failed job, which ends once: so there is one rollback, or none.
 */
@Injectable()
export class AutoRollback {
  constructor(
    private readonly instances: InstanceRepository,
    private readonly resolver: RollbackResolver,
    private readonly revisions: RevisionWriter,
    private readonly events: EventRepository,
    private readonly secrets: InstanceSecrets,
    private readonly undoneChanges: UndoneChanges,
  ) {}

  /**
   * Whether and where to a locked instance goes back; undefined where it never does. A rollback that has failed is not
   * followed by another one, and a newer write is not replaced.
   */
  async plan(sql: EntityManager, instanceId: number, failed: FailedRollout): Promise<AutoRollbackPlan | undefined> {
    const { type, step, isRollback } = failed;
    if (isRollback || isAction(type) || isDeletion(type) || !judgedSteps.has(step)) return undefined;
    const [instance] = await this.instances.readAll(sql, [instanceId]);
    if (instance === undefined || instance.deleting || instance.revision !== failed.revision) return undefined;
    if (instance.spec.autoRollback !== true || instance.queued_spec !== null) return undefined;
    const revision = instance.ready_revision;
    if (revision === null) return { message: 'There is no earlier revision to go back to.' };
    try {
      return await this.#resolve(sql, instance, failed, revision);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return { message: `It cannot go back to revision ${revision} by itself: ${error.message}` };
    }
  }

  async #resolve(
    sql: EntityManager,
    instance: InstanceRow,
    failed: FailedRollout,
    revision: number,
  ): Promise<AutoRollbackPlan> {
    const { spec, earlier, kept, isSame } = await this.resolver.resolve(sql, instance, { revision });
    const risks = this.#dataRisks(instance, spec, earlier);
    if (risks.length > 0) {
      const why = `because its data may be lost: ${risks.join('; ')}`;
      const remedy = 'Correct the change, or roll back yourself when the data is safe.';
      return { message: `It does not go back to revision ${revision} by itself, ${why}. ${remedy}` };
    }
    if (isSame) return { message: `It has the spec of revision ${revision} already${exceptKept(kept)}.` };
    // What the write would refuse must be known before the failed job ends.
    await this.revisions.resolve(sql, instance, { spec, type: jobTypeOf(instance.kind, 'update') });
    const jobId = mintJobId(instance.now);
    const undone = await this.undoneChanges.describe(sql, instance, revision);
    return {
      message: `Job ${jobId} goes back to revision ${revision}${exceptKept(kept)}.${undone}`,
      rollback: { instance, failed, spec, revision, jobId, undone },
    };
  }

  /** Why data of a service would not survive the rollback. A person may know better, and then requests it. */
  #dataRisks(instance: InstanceRow, spec: DesiredSpec, earlier: DesiredSpec): string[] {
    const { osid, type, spec: current } = instance;
    if (current.kind !== 'service' || earlier.kind !== 'service') return [];
    const risks = formatRisks(current, earlier);
    if (risks.length > 0) return risks;
    const secrets = this.secrets.unseal(instance);
    const objectsOf = (each: DesiredSpec) => renderObjects({ osid, type, cluster: instance, spec: each, secrets });
    return storedDataRisks(objectsOf(current), objectsOf(spec), kindCatalog(type));
  }

  /** Writes the planned revision with its job, after the failed job has ended. */
  async write(sql: EntityManager, { instance, failed, spec, revision, jobId, undone }: Rollback): Promise<void> {
    await this.revisions.writeSpec(sql, instance, {
      spec,
      type: jobTypeOf(instance.kind, 'update'),
      changedBy: `automatic rollback of job ${failed.jobId}`,
      rollsBack: { jobId, failedJobId: failed.jobId, reason: failed.reason, revision, undone },
    });
    const { id: instanceId, now } = instance;
    const event = rolledBackEvent(
      { ...failed, failedJobId: failed.jobId, jobId, to: revision, undone },
      now.toISOString(),
    );
    await this.events.create(sql, [{ instanceId, cluster: clusterOf(instance), ...event }]);
  }
}
