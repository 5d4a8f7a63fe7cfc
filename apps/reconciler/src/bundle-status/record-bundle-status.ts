import { Injectable } from '@nestjs/common';
import type { reconciler } from '@runos/contracts';
import { tombstoneDigest } from '@runos/agent-protocol';
import { Fault } from '@runos/kernel';
import { Osid, type OsidParts } from '@runos/osid';
import { afterCommit, Database, type TransactionOptions } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { ClusterShare } from '../clusters/cluster-share.js';
import { RepeatDeletions } from '../deletions/repeat-deletions.js';
import { RecordDivergence } from '../divergence/record-divergence.js';
import { clusterOf } from '../instances/event-budget.js';
import { EventRepository } from '../instances/event-repository.js';
import { type InstanceName, InstanceRepository } from '../instances/instance-repository.js';
import { JobRepository } from '../jobs/job-repository.js';
import { jobEnd, JobUpdates } from '../jobs/job-updates.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { type BatchItem, TracedBatcher } from '../work/traced-batcher.js';
import { Wakeups } from '../work/wakeups.js';
import { WorkRepository } from '../work/work-repository.js';
import type { BundleReport } from './bundle-report.js';
import { ObservationRepository } from './observation-repository.js';
import { RecordObservations } from './record-observations.js';
import { deletedEvent } from './report-events.js';
import { isForeignStatus, isNewer, type StatusOrder } from './status-order.js';

interface ReceivedReport {
  readonly name: InstanceName & { readonly tenant: string };
  readonly report: BundleReport;
  readonly order: StatusOrder | undefined;
  /** The Kubernetes cluster of the agent, as its session has stated it. */
  readonly clusterUid: string | undefined;
}

type Received = z.output<typeof reconciler.reportBundleStatus.input>;

/** Reports per transaction. */
const maxBatchSize = 50;
/** Of these, an instance has at most so many writes per session; earlier reports are superseded. */
const maxReportsOfInstance = 4;
/** Under load, reports are collected for this long, ms. */
const lingerMs = 100;

/** The agent deletes the objects already. */
const removalPhases: ReadonlySet<string> = new Set(['deleting', 'gone']);

/** Records the status reports of agents, continues jobs, and deletes the rows of deleted instances. */
@Injectable()
export class RecordBundleStatus {
  readonly #reports: TracedBatcher<ReceivedReport, boolean>;

  constructor(
    private readonly database: Database,
    private readonly instances: InstanceRepository,
    private readonly observations: RecordObservations,
    private readonly recorded: ObservationRepository,
    private readonly events: EventRepository,
    private readonly work: WorkRepository,
    private readonly jobs: JobRepository,
    private readonly updates: JobUpdates,
    private readonly wakeups: Wakeups,
    private readonly divergences: RecordDivergence,
    private readonly deletions: RepeatDeletions,
    private readonly share: ClusterShare,
  ) {
    this.#reports = new TracedBatcher({
      name: 'record bundle statuses',
      maxBatchSize,
      lingerMs,
      keyOf: ({ name: { tenant, cid } }) => `${tenant}/${cid}`,
      run: async (items, transaction) => {
        const [first] = items;
        if (first === undefined) return [];
        return share.runBatch(first.value.name, () => this.#recordAll(items, transaction));
      },
    });
  }

  /**
   * Resolves when the report is durable. A report about an unknown instance is accepted and ignored. So is one that is not
   * newer than the last, or that an agent in another Kubernetes cluster sends. A report about a deleted instance causes its
   * deletion again.
   * @throws Fault `service.not_found` when the instance belongs to another cluster; `unavailable` as `ClusterShare`
   */
  async run(received: Received, tenant: string): Promise<void> {
    const { cid, clusterUid, sessionNo } = received;
    const { sequence, ...report } = received.status;
    const parts = Osid.parse(report.osid);
    if (parts === undefined) return;
    const order = sessionNo === undefined || sequence === undefined ? undefined : { sessionNo, sequence };
    const item = { name: { tenant, cid, ...parts }, report, order, clusterUid };
    await this.share.admit(item.name, async () => {
      if (await this.#record(item)) return;
      await this.share.runAdmitted(item.name, async () => {
        await this.#refuseForeign(tenant, cid, report.osid, parts);
        if (!removalPhases.has(report.phase)) await this.deletions.run(tenant, received, [report.osid]);
      });
    });
  }

  /** Returns whether the instance exists. */
  #record(item: ReceivedReport): Promise<boolean> {
    if (item.report.phase !== 'gone') return this.#reports.add(item);
    return this.share.runAdmitted(item.name, () => this.#recordGone(item));
  }

  /** A report about an unknown instance is late or about an orphan: only one of another cluster is refused. */
  async #refuseForeign(tenant: string, cid: string, osid: string, { type, id }: OsidParts): Promise<void> {
    const [foreign] = await this.instances.foreignAmong(this.database.manager, tenant, [osid]);
    if (foreign) throw new Fault('service.not_found', `There is no ${type} "${id}" in cluster "${cid}".`);
  }

  /** Returns for each report whether its instance exists. */
  async #recordAll(
    items: readonly BatchItem<ReceivedReport>[],
    transaction: TransactionOptions,
  ): Promise<readonly boolean[]> {
    const existing = new Set<string>();
    for (const round of roundsOf(newestOf(items))) {
      const known = await this.database.transaction(async (sql) => {
        const names = round.map(({ value }) => value.name);
        const instances = await this.instances.lockAllExisting(sql, names);
        const reports = round.flatMap((item, index) => {
          const instance = instances[index];
          return instance === undefined ? [] : [{ instance, ...item.value, item }];
        });
        const newer = reports.filter((each) => counts(each, each.instance));
        if (newer.length > 0) await this.observations.run(sql, newer);
        return reports;
      }, transaction);
      for (const { item } of known) existing.add(senderOf(item.value));
    }
    return items.map((item) => existing.has(senderOf(item.value)));
  }

  #recordGone(received: ReceivedReport): Promise<boolean> {
    const { name, report, order } = received;
    return this.database.transaction(async (sql) => {
      const instance = await this.instances.lockIfExists(sql, name.tenant, name);
      if (instance === undefined) return false;
      if (!counts(received, instance)) return true;
      if (order !== undefined) await this.recorded.storeOrder(sql, instance.id, order);
      await this.#continueGone(sql, instance, report);
      return true;
    });
  }

  /** A deletion of another history waits for a decision: it is neither adopted nor reverted here. */
  async #continueGone(sql: EntityManager, instance: InstanceRow, report: BundleReport): Promise<void> {
    if (instance.deleting) return this.#delete(sql, instance, report);
    const { id, revision, bundle_generation: known } = instance;
    if (instance.diverged !== null) return;
    if (report.generation <= known) return this.#redeliver(sql, instance, report);
    const stored = { revision: revision + 1, generation: report.generation, digest: tombstoneDigest };
    await this.divergences.run(sql, [{ id, stored }]);
  }

  /** The agent deleted the objects of a desired instance, so its bundle is delivered again. */
  async #redeliver(sql: EntityManager, instance: InstanceRow, report: BundleReport): Promise<void> {
    const { id, cluster_id: clusterId, now } = instance;
    const event = deletedEvent(report, now.toISOString());
    await this.events.create(sql, [{ ...event, instanceId: id, cluster: clusterOf(instance) }]);
    await this.work.redeliver(sql, clusterId, [id]);
    afterCommit(sql, () => this.wakeups.wake('work'));
  }

  async #delete(sql: EntityManager, instance: InstanceRow, report: BundleReport): Promise<void> {
    // A late report about an earlier deletion, which a cancellation reverted, must not delete the row.
    if (report.generation < instance.bundle_generation) return;
    await this.instances.remove(sql, instance.id);
    const job = (await this.jobs.lockOpen(sql, [instance.id])).get(instance.id);
    if (job === undefined) return;
    const line = { level: 'info', message: `Every object of ${instance.osid} is deleted.` } as const;
    await this.updates.end(sql, [jobEnd({ jobId: job.jobId, outcome: 'completed', line })]);
  }
}

/** Only newer statuses, of the agent in our Kubernetes cluster, change an instance. */
function counts({ order, clusterUid }: ReceivedReport, instance: InstanceRow): boolean {
  return isNewer(order, instance) && !isForeignStatus(order, clusterUid, instance);
}

/** The session that reports, and the instance. Of older agent gateways, the session is not known. */
const senderOf = ({ name, report, order, clusterUid = '' }: ReceivedReport): string =>
  [name.tenant, name.cid, clusterUid, order?.sessionNo, report.osid].join('/');

/** The newest reports of each session about an instance. Agents send the next one after the reply to the last. */
function newestOf(items: readonly BatchItem<ReceivedReport>[]): BatchItem<ReceivedReport>[] {
  const bySender = Map.groupBy(items, ({ value }) => senderOf(value));
  const kept = new Set(
    [...bySender.values()].flatMap((reports) => newestFirst(reports).slice(0, maxReportsOfInstance)),
  );
  return items.filter((item) => kept.has(item));
}

/** By the numbers of a session; of those without a number, and of equal ones, the last that arrived is the newest. */
const newestFirst = (reports: readonly BatchItem<ReceivedReport>[]): BatchItem<ReceivedReport>[] =>
  [...reports].reverse().sort((a, b) => (b.value.order?.sequence ?? 0) - (a.value.order?.sequence ?? 0));

/** Splits reports so that each round has one report per instance: each report is compared with the result of the last. */
function roundsOf(items: readonly BatchItem<ReceivedReport>[]): BatchItem<ReceivedReport>[][] {
  const rounds: BatchItem<ReceivedReport>[][] = [];
  const nextRound = new Map<string, number>();
  for (const item of items) {
    const { name, report } = item.value;
    const key = `${name.tenant}/${report.osid}`;
    const round = nextRound.get(key) ?? 0;
    nextRound.set(key, round + 1);
    (rounds[round] ??= []).push(item);
  }
  return rounds;
}
