import { Injectable } from '@nestjs/common';
import { afterCommit } from '@runos/persistence';
import { dependentTypes } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import { clusterOf } from '../instances/event-budget.js';
import { EventRepository } from '../instances/event-repository.js';
import { JobQueueRepository } from '../jobs/job-queue-repository.js';
import { JobRepository } from '../jobs/job-repository.js';
import type { JobChange, JobEnd } from '../jobs/job-update-repository.js';
import { jobChange, jobEnd, JobUpdates } from '../jobs/job-updates.js';
import { reportProgress } from '../jobs/report-progress.js';
import { reachStep, workItemIdOf } from '../jobs/work-items.js';
import { QueuedChanges } from '../revisions/queued-changes.js';
import type { InstanceRow } from '../schema/instance-row.js';
import type { OpenJob } from '../schema/job-row.js';
import type { BatchItem } from '../work/traced-batcher.js';
import { Wakeups } from '../work/wakeups.js';
import { WorkRepository } from '../work/work-repository.js';
import type { BundleReport } from './bundle-report.js';
import { type Observation, observe } from './observation.js';
import { ObservationRepository } from './observation-repository.js';
import { conditionEvents, driftEvents, stateChangeEvent } from './report-events.js';
import { type StateChange, stateChangeOf } from './state-change.js';
import type { StatusOrder } from './status-order.js';

/** A report with its locked instance; each instance occurs once. */
export interface InstanceReport {
  readonly instance: InstanceRow;
  readonly report: BundleReport;
  readonly order: StatusOrder | undefined;
  /** The item of the batch: its context has the trace of the report. */
  readonly item: BatchItem<unknown>;
}

/** Stores observed statuses and events, and continues the open jobs. */
@Injectable()
export class RecordObservations {
  constructor(
    private readonly observations: ObservationRepository,
    private readonly events: EventRepository,
    private readonly jobs: JobRepository,
    private readonly updates: JobUpdates,
    private readonly work: WorkRepository,
    private readonly wakeups: Wakeups,
    private readonly queue: JobQueueRepository,
    private readonly queued: QueuedChanges,
  ) {}

  async run(sql: EntityManager, reports: readonly InstanceReport[]): Promise<void> {
    const observed = reports.map((each) => ({
      ...each,
      instanceId: each.instance.id,
      observation: observeReport(each),
    }));
    const withQueue = observed.flatMap(({ instance }) => (instance.has_queue ? [instance.id] : []));
    const usable = observed.flatMap(usableNow);
    await this.queue.lockWork(sql, withQueue, usable);
    const jobs = await this.jobs.lockOpen(
      sql,
      observed.flatMap(({ observation, instanceId }) => (observation.current ? [instanceId] : [])),
    );
    const changes = new Map(
      observed.map((each) => [
        each.instanceId,
        stateChangeOf(each.instance, each.observation, jobs.has(each.instanceId)),
      ]),
    );
    await this.observations.store(
      sql,
      observed.map(({ instance, instanceId, observation: { observed: status, current }, order, report }) => ({
        instanceId,
        order,
        hash: report.hash,
        observed: status,
        reportedState: changes.get(instanceId)?.to,
        volumeCapacityMb: report.volumeCapacityMb,
        desiredReplicas: report.replicas?.desired,
        outdatedReplicas: report.replicas?.outdated,
        readyRevision: current && report.phase === 'ready' ? instance.revision : undefined,
      })),
    );
    await this.#requeueDependents(sql, usable);
    await this.events.create(
      sql,
      observed.flatMap(({ instanceId, ...each }) => {
        const cluster = clusterOf(each.instance);
        const events = eventsOf(each, each.observation, changes.get(instanceId));
        return events.map((event) => ({ instanceId, cluster, ...event }));
      }),
    );
    const updates = observed.flatMap((each) => {
      const job = jobs.get(each.instanceId);
      return job === undefined ? [] : [each.item.run(() => updateJob(job, each))];
    });
    await this.updates.write(sql, {
      changes: updates.flatMap(({ change }) => change ?? []),
      ends: updates.flatMap(({ end }) => end ?? []),
    });
    await this.queued.startNext(sql, withQueue);
  }

  async #requeueDependents(sql: EntityManager, requiredIds: readonly number[]): Promise<void> {
    if (requiredIds.length === 0) return;
    await this.work.requeueDependents(sql, requiredIds);
    afterCommit(sql, () => this.wakeups.wake('work'));
  }
}

/** A degraded instance serves only with a ready replica; `InstanceRepository` reads the same as `awaited`. */
const isUsable = (state: string, readyReplicas: number): boolean =>
  state === 'healthy' || (state === 'degraded' && readyReplicas > 0);

/** The row id, if other instances may wait for this one and need not any longer. */
function usableNow({ instance, observation }: InstanceReport & { observation: Observation }): number[] {
  const { state, readyReplicas } = observation.observed;
  const becomesUsable = !isUsable(instance.state, instance.ready_replicas) && isUsable(state, readyReplicas);
  return becomesUsable && dependentTypes(instance.type).length > 0 ? [instance.id] : [];
}

function observeReport({ instance, report }: InstanceReport): Observation {
  const { state, reason, message, conditions, objects } = instance;
  const { observed_generation: observedGeneration, ready_replicas: readyReplicas } = instance;
  const before = { state, reason, message, conditions, objects, observedGeneration, readyReplicas };
  const { generation, bundle_generation: bundleGeneration, has_queue: hasQueue } = instance;
  const { digest, deleting, spec, now, revision, ready_revision: readyRevision } = instance;
  const diverged = instance.diverged !== null;
  const { replicas } = spec.sizing;
  const desired = {
    generation,
    bundleGeneration,
    hasQueue,
    digest,
    deleting,
    diverged,
    replicas,
    revision,
    readyRevision,
  };
  return observe(desired, before, report, now);
}

function eventsOf({ instance, report }: InstanceReport, { observed }: Observation, change: StateChange | undefined) {
  const at = instance.now.toISOString();
  const events = [
    ...driftEvents(instance.type, report),
    ...conditionEvents(instance.conditions, observed.conditions, at),
  ];
  if (change === undefined) return events;
  return [...events, stateChangeEvent(change, at, observed.message)];
}

/** Runs in the context of the report, so the job continues the report's trace. */
function updateJob(
  job: OpenJob,
  { instance, report, observation }: InstanceReport & { readonly observation: Observation },
): { change?: JobChange; end?: JobEnd } {
  const reported = reportProgress(job.kind, report, job.loggedStates);
  const { progress, reason, loggedStates, step: currentStep } = reported;
  const workItems = reachStep(job.workItems, currentStep, job.now.toISOString());
  const logs = reported.logs.flatMap(({ step, level, message }) => {
    const workItemId = workItemIdOf(workItems, step);
    return workItemId === undefined ? [] : [{ workItemId, level, message }];
  });
  const { jobId } = job;
  const isSame = workItems === job.workItems && logs.length === 0 && progress === job.progress && reason === job.reason;
  const { observedGeneration } = observation.observed;
  const line = { level: 'info', message: `${instance.osid} is healthy at generation ${observedGeneration}.` } as const;
  return {
    ...(isSame ? {} : { change: jobChange({ jobId, workItems, progress, currentStep, reason, loggedStates, logs }) }),
    ...(reported.done ? { end: jobEnd({ jobId, outcome: 'completed', line }) } : {}),
  };
}
