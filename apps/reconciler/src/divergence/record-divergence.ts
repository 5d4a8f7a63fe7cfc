import { Injectable } from '@nestjs/common';
import { setCondition } from '@runos/kernel';
import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { ClusterLog } from '../clusters/cluster-log.js';
import { clusterOf } from '../instances/event-budget.js';
import { EventRepository } from '../instances/event-repository.js';
import { InstanceRepository } from '../instances/instance-repository.js';
import { JobQueueRepository } from '../jobs/job-queue-repository.js';
import { JobRepository } from '../jobs/job-repository.js';
import { jobEnd, JobUpdates } from '../jobs/job-updates.js';
import { RevisionRepository } from '../revisions/revision-repository.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { DivergenceRepository } from './divergence-repository.js';
import {
  canBeExceeded,
  describeDivergence,
  divergedReason,
  type ForeignBundle,
  isForeign,
  isTombstone,
} from './foreign-bundle.js';

/** What an agent stores of an instance. */
export interface StoredInstance {
  readonly id: number;
  readonly stored: ForeignBundle;
}

/** Marks instances whose agent stores what no revision of the plane explains, and ends their open jobs. */
@Injectable()
export class RecordDivergence {
  constructor(
    private readonly instances: InstanceRepository,
    private readonly divergences: DivergenceRepository,
    private readonly revisions: RevisionRepository,
    private readonly events: EventRepository,
    private readonly jobs: JobRepository,
    private readonly queue: JobQueueRepository,
    private readonly updates: JobUpdates,
    private readonly log: ClusterLog,
  ) {}

  /** Locks the instances. Returns the row ids of those that have diverged, also of those that were marked before. */
  async run(sql: EntityManager, received: readonly StoredInstance[]): Promise<number[]> {
    const reported = received.filter(({ stored }) => canBeExceeded(stored));
    const ids = reported.map(({ id }) => id);
    if (ids.length === 0) return [];
    await this.instances.lockRows(sql, ids);
    await this.queue.lockWork(sql, ids);
    const rows = new Map((await this.instances.readAll(sql, ids)).flatMap((row) => (row ? [[row.id, row]] : [])));
    const histories = await this.divergences.histories(
      sql,
      reported.map(({ id, stored: { revision } }) => ({ id, revision })),
    );
    const found = reported.flatMap(({ id, stored }) => {
      const [instance, history] = [rows.get(id), histories.get(id)];
      // Two deletions agree, with any revisions.
      const agrees = instance?.deleting === true && isTombstone(stored);
      if (instance === undefined || history === undefined || agrees || !isForeign(stored, history)) return [];
      return [{ instance, stored }];
    });
    const isMarked = ({ instance: { diverged }, stored }: (typeof found)[number]) =>
      diverged?.revision === stored.revision && diverged.digest === stored.digest;
    await this.#mark(
      sql,
      found.filter((each) => !isMarked(each)),
    );
    return found.map(({ instance }) => instance.id);
  }

  /** The agents of these instances do not store a bundle of another history any more. */
  async end(sql: EntityManager, ids: readonly number[]): Promise<void> {
    if (ids.length > 0) await this.divergences.clear(sql, ids);
  }

  async #mark(sql: EntityManager, found: readonly { instance: InstanceRow; stored: ForeignBundle }[]): Promise<void> {
    if (found.length === 0) return;
    const marks = found.map(({ instance, stored }) => ({
      instance,
      id: instance.id,
      diverged: { ...stored, generation: stored.generation ?? instance.diverged?.generation ?? null },
      message: describeDivergence(instance, stored),
    }));
    await this.divergences.mark(sql, marks.map(markOf));
    const ids = marks.map(({ id }) => id);
    await this.jobs.lockOpen(sql, ids); // all in one order, before the first one ends
    const busy = new Set(await this.jobs.listBusy(sql, ids));
    for (const { id, instance, message } of marks) if (busy.has(id)) await this.#endJobs(sql, instance, message);
    await this.events.create(
      sql,
      marks.map(({ id, diverged, message, instance }) => ({
        instanceId: id,
        cluster: clusterOf(instance),
        key: createHash('sha256').update(`diverged\n${diverged.revision}\n${diverged.digest}`).digest('base64url'),
        at: instance.now.toISOString(),
        type: divergedReason,
        object: null,
        fields: [],
        manager: null,
        message,
      })),
    );
    for (const { instance, diverged } of marks) {
      const { osid, revision } = instance;
      this.log.write(
        instance,
        'warn',
        { osid, revision, stored: diverged },
        'the agent stores a bundle of another history',
      );
    }
  }

  /** Nothing can be delivered before a person decides, so no job waits for its deadline. */
  async #endJobs(
    sql: EntityManager,
    { id, osid, changed_by: changedBy, generation }: InstanceRow,
    message: string,
  ): Promise<void> {
    const open = await this.jobs.listOpen(sql, id);
    const line = { level: 'error', message } as const;
    const error = `${osid} was not changed: ${message}`;
    await this.updates.end(
      sql,
      open.map(({ jobId }) => jobEnd({ jobId, outcome: 'failed', reason: divergedReason, error, line })),
    );
    if (open.every(({ queuePosition }) => queuePosition === null)) return;
    await this.revisions.withdraw(sql, { instanceId: id, changedBy, acceptedGeneration: generation + 1 });
  }
}

const markOf = ({
  instance: { id, conditions, observed_generation: observed, now },
  diverged,
  message,
}: {
  readonly instance: InstanceRow;
  readonly diverged: ForeignBundle;
  readonly message: string;
}) => ({
  id,
  diverged,
  message,
  reason: divergedReason,
  conditions: setCondition(
    conditions,
    { type: divergedReason, status: 'True', reason: 'AgentAhead', message },
    observed,
    now,
  ),
});
