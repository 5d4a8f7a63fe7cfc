import { Injectable } from '@nestjs/common';
import { Batcher } from '@runos/engine';
import { InjectLogger } from '@runos/messaging';
import { durations, inSpan, type Logger, SpanKind, traceOf } from '@runos/observability';
import { Database } from '@runos/persistence';
import { isTombstone } from '../divergence/foreign-bundle.js';
import { RecordDivergence } from '../divergence/record-divergence.js';
import { InstanceRepository } from '../instances/instance-repository.js';
import { QueuedChanges } from '../revisions/queued-changes.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { type ClusterName, ClusterShare } from '../clusters/cluster-share.js';
import { TracedBatcher } from '../work/traced-batcher.js';
import { type Claim, type ReleasedClaim, WorkRepository } from '../work/work-repository.js';
import { AgentInstructions } from './agent-instructions.js';
import { type DeliveryPlan, deliveryResult, type InstructionOutcome, planDelivery } from './delivery-plan.js';
import { type DeliveryEnd, DeliveryResults } from './delivery-results.js';

/** Instances per read, and results per transaction. A transaction has results of one cluster only: it waits for its locks. */
const maxBatchSize = 100;
/** The time by which other replicas are ahead at work that this one has left to them, ms. */
const leadOfOthersMs = 500;
/** Under load, results are collected for this long, ms. */
const lingerMs = 100;

type DeliveryAction = Exclude<DeliveryPlan, { readonly action: 'none' | 'requeue' | 'start-queued' }>;

/** Delivers the desired revision of one instance to its cluster agent. */
@Injectable()
export class BundleDelivery {
  readonly #duration = durations('runos_delivery_duration_seconds');
  readonly #instances: Batcher<number, InstanceRow | undefined>;
  readonly #ends: TracedBatcher<DeliveryEnd, ReleasedClaim | undefined>;

  constructor(
    private readonly database: Database,
    instances: InstanceRepository,
    results: DeliveryResults,
    private readonly work: WorkRepository,
    private readonly instructions: AgentInstructions,
    private readonly queued: QueuedChanges,
    private readonly divergences: RecordDivergence,
    share: ClusterShare,
    @InjectLogger() private readonly logger: Logger,
  ) {
    this.#instances = new Batcher({ maxBatchSize, run: (ids) => instances.readAll(database.manager, ids) });
    this.#ends = new TracedBatcher({
      name: 'write delivery results',
      maxBatchSize,
      lingerMs,
      keyOf: ({ work: { claim } }) => String(claim.clusterId),
      run: async (ends, transaction) => {
        const [first] = ends;
        if (first === undefined) return [];
        const write = () => database.transaction((sql) => results.write(sql, ends), transaction);
        return share.runBatch(first.value.cluster, write);
      },
    });
  }

  /** Releases the claim in every case. Returns the time until the next attempt, ms, if there is one. */
  async run(claim: Claim): Promise<number | undefined> {
    const instance = await this.#instances.add(claim.id);
    const plan = planDelivery(claim, instance);
    if (instance === undefined || plan.action === 'none' || plan.action === 'requeue') {
      const requeue = plan.action === 'requeue' ? { requeueAfterMs: 0 } : {};
      return this.#end({ work: { claim, failures: 0, ...requeue }, cluster: clusterOf(claim, instance) });
    }
    if (plan.action === 'start-queued') return this.#startQueued(claim, instance);
    const { reason } = plan;
    const attributes = { osid: instance.osid, revision: instance.revision };
    return inSpan('deliver', { kind: SpanKind.INTERNAL, parent: traceOf(instance.trace), attributes }, async () => {
      const started = performance.now();
      const outcome = await this.#recordRefusal(plan, instance, await this.#execute(plan, instance));
      this.#duration.record(performance.now() - started, { outcome: outcome.outcome });
      const result = deliveryResult(outcome, instance.cid, claim.failures);
      this.logger.debug({ ...attributes, ...outcome, plan: reason }, 'delivered');
      const { delivered, failures, requeueAfterMs, pauseQueueMs } = result;
      const deliveredRevision = delivered ? { deliveredRevision: claim.revision } : {};
      const work = { claim, failures, requeueAfterMs, ...deliveredRevision };
      const nextMs = await this.#end({ work, result, cluster: clusterOf(claim, instance) });
      if (pauseQueueMs !== undefined) await this.work.pauseQueue(this.database.manager, instance, pauseQueueMs);
      return plan.action === 'release' ? this.#wakeOthers(nextMs) : nextMs;
    });
  }

  async #startQueued(claim: Claim, instance: InstanceRow): Promise<number | undefined> {
    const cluster = clusterOf(claim, instance);
    const missing = await this.queued.startLeft(claim.id);
    if (missing === undefined) return this.#end({ work: { claim, failures: 0 }, cluster });
    const unsupported = { outcome: 'unsupported', missing } as const;
    const { failures, requeueAfterMs } = deliveryResult(unsupported, instance.cid, claim.failures);
    return this.#wakeOthers(await this.#end({ work: { claim, failures, requeueAfterMs }, cluster }));
  }

  /**
   * An agent that stores a bundle of another history is not sent this one again. Two deletions agree: the objects are
   * being deleted, and the end of that is reported.
   */
  async #recordRefusal(
    { action }: DeliveryAction,
    { id }: InstanceRow,
    outcome: InstructionOutcome,
  ): Promise<InstructionOutcome> {
    if (outcome.outcome !== 'refused' || outcome.stored === undefined) return outcome;
    const { stored } = outcome;
    if (action === 'remove' && isTombstone(stored)) return { outcome: 'accepted', done: true };
    await this.database.transaction((sql) => this.divergences.run(sql, [{ id, stored }]));
    return outcome;
  }

  /** Wakes the other replicas for the next attempt, and this one after it. */
  async #wakeOthers(nextMs: number | undefined): Promise<number | undefined> {
    await this.work.notify(this.database.manager);
    return nextMs === undefined ? undefined : nextMs + leadOfOthersMs;
  }

  async #execute(plan: DeliveryAction, instance: InstanceRow): Promise<InstructionOutcome> {
    switch (plan.action) {
      case 'wait':
        return { outcome: 'waiting', awaited: plan.awaited };
      case 'wait-for-addon':
        return { outcome: 'waiting-for-addon', addon: plan.addon };
      case 'release':
        return { outcome: 'unsupported', missing: plan.missing };
      default:
        return this.#instruct(plan.action, instance);
    }
  }

  async #instruct(action: 'apply' | 'remove', instance: InstanceRow): Promise<InstructionOutcome> {
    try {
      return action === 'apply'
        ? await this.instructions.applyBundle(instance)
        : await this.instructions.removeBundle(instance);
    } catch (error) {
      this.logger.error({ err: error, osid: instance.osid }, 'delivering a bundle failed');
      return { outcome: 'failed', message: 'internal error of the reconciler' };
    }
  }

  async #end(end: DeliveryEnd): Promise<number | undefined> {
    const released = await this.#ends.add(end);
    return released?.nextAttemptInMs ?? undefined;
  }
}

/** An instance that is deleted names no cluster. */
const clusterOf = ({ clusterId }: Claim, instance: InstanceRow | undefined): ClusterName =>
  instance === undefined ? { tenant: '', cid: String(clusterId) } : { tenant: instance.aid, cid: instance.cid };
