import { Injectable } from '@nestjs/common';
import { tombstoneDigest } from '@runos/agent-protocol';
import type { Job } from '@runos/api';
import { setCondition } from '@runos/kernel';
import { InjectConfig } from '@runos/messaging';
import { traceHeaders } from '@runos/observability';
import type { EntityManager } from 'typeorm';
import type { ReconcilerConfig } from '../config.js';
import { divergedReason, type ForeignBundle } from '../divergence/foreign-bundle.js';
import { InstanceRepository } from '../instances/instance-repository.js';
import { InstanceSecrets, type UnsealedSecrets } from '../instances/instance-secrets.js';
import { Requirements } from '../instances/requirements.js';
import { JobQueueRepository } from '../jobs/job-queue-repository.js';
import { JobRepository } from '../jobs/job-repository.js';
import { JobStarter, mintJobId } from '../jobs/job-starter.js';
import { jobEnd, JobUpdates } from '../jobs/job-updates.js';
import { isAction, jobsBehind, jobTypeOf, planQueue } from '../jobs/queue-plan.js';
import type { LogLine } from '../jobs/work-items.js';
import { AppReferences } from '../links/app-references.js';
import { leftChanges } from '../rendering/left-changes.js';
import { PullCredentialResolver } from '../registries/pull-credential-resolver.js';
import { type BundleInput, refuseForbiddenOverrides, renderBundle } from '../rendering/render-bundle.js';
import type { InstanceRow } from '../schema/instance-row.js';
import type { PendingChange } from '../schema/job-row.js';
import { WorkRepository } from '../work/work-repository.js';
import { type AutomaticRollback, describeRollback } from './automatic-rollback.js';
import { acceptedAppSpec, acceptedSpec, type DesiredSpec, describeSpec } from './desired-spec.js';
import type { AffectedJobs, NextRevision, RenderedSpec } from './next-revision.js';
import { withNeededRestart } from './needed-restart.js';
import { RevisionRepository } from './revision-repository.js';
import { UntriedChanges } from './untried-changes.js';
import { WritePlans } from './write-plans.js';

/** The condition that every accepted write sets. */
export const acceptedCondition = { type: 'Accepted', status: 'True', reason: 'Accepted', message: '' } as const;

interface Change {
  readonly kind: 'apply' | 'remove';
  readonly type: Job['type'];
  readonly spec: DesiredSpec;
  readonly digest: string;
  readonly changedBy: string;
  readonly logs: readonly LogLine[];
  readonly acceptsDataLoss?: boolean | undefined;
  /** The revision and the generation are above those of this bundle, which the agent stores. */
  readonly above?: ForeignBundle | undefined;
  readonly rollsBack?: AutomaticRollback | undefined;
}

type SpecChange = Pick<Change, 'spec' | 'type' | 'changedBy' | 'above'> & {
  /** The change is made although data is at risk, and at once. */
  readonly force?: boolean | undefined;
  /** The change takes back what has failed, by itself. */
  readonly rollsBack?: AutomaticRollback | undefined;
};

/** Writes the next revision of a locked instance, or queues it, with its job, in the transaction of the caller. */
@Injectable()
export class RevisionWriter {
  constructor(
    private readonly revisions: RevisionRepository,
    private readonly instances: InstanceRepository,
    private readonly requirements: Requirements,
    private readonly references: AppReferences,
    private readonly secrets: InstanceSecrets,
    private readonly pulls: PullCredentialResolver,
    private readonly work: WorkRepository,
    private readonly jobs: JobRepository,
    private readonly queue: JobQueueRepository,
    private readonly starter: JobStarter,
    private readonly updates: JobUpdates,
    private readonly untried: UntriedChanges,
    private readonly plans: WritePlans,
    @InjectConfig() private readonly config: ReconcilerConfig,
  ) {}

  /**
   * Makes `spec` desired, with the restart that its settings need. The job starts now or waits in the queue of the
   * instance, as `planQueue` decides. Returns the id of the job. A plan takes the revision instead; then there is no job.
   * @throws Fault `request.too_large`; `override.invalid` for an override that does not fit the spec
   */
  async writeSpec(
    sql: EntityManager,
    instance: InstanceRow,
    { spec: requested, type, changedBy, above, force, rollsBack }: SpecChange,
  ): Promise<string> {
    const next = await this.resolve(sql, instance, { spec: requested, type, above, force });
    if (this.plans.take(sql, { kind: 'apply', ...next })) return mintJobId(instance.now);
    this.untried.check(sql, instance, next);
    const { spec, digest, queuePosition, superseded, behind } = next;
    const affected = { superseded, behind };
    // A service has no image of its user, and its links never change.
    if (spec.kind === 'app') {
      await this.references.replace(sql, instance, spec, acceptedAppSpec(instance), changedBy);
    }
    if (queuePosition === null) {
      const logs = rollsBack === undefined ? next.logs : [describeRollback(rollsBack), ...next.logs];
      const change = { type, spec, digest, changedBy, logs, above, acceptsDataLoss: force, rollsBack };
      return this.#write(sql, instance, { kind: 'apply', ...change }, affected);
    }
    const pending = { ...(isAction(type) ? {} : { spec }), changedBy, trace: traceHeaders() };
    return this.#enqueue(sql, instance, { type, queuePosition, pending }, affected);
  }

  /**
   * What `writeSpec` writes of a spec, and when. Nothing is written. An app gets the present credentials of its registry.
   * @throws Fault `request.too_large`, `override.invalid`
   */
  async resolve(
    sql: EntityManager,
    instance: InstanceRow,
    { spec: requested, type, above, force }: Omit<SpecChange, 'changedBy' | 'rollsBack'>,
  ): Promise<NextRevision> {
    // What runs is not the current revision where the agent has another one.
    const found = force ? withLastRestart(requested, instance) : requested;
    const restart = above === undefined ? withNeededRestart(instance, found) : { spec: found, logs: [] };
    const secrets = this.secrets.unseal(instance);
    const spec = await this.pulls.refresh(sql, instance, restart.spec, secrets, acceptedSpec(instance));
    const input = this.#inputOf(instance, spec, secrets);
    const rendered = this.#render(instance, input);
    refuseForbiddenOverrides(input);
    const open = await this.jobs.listOpen(sql, instance.id);
    const plan = planQueue(type, open, force);
    const logs = [...rendered.logs, ...restart.logs];
    return { ...rendered, ...plan, spec, logs, behind: jobsBehind(open, plan) };
  }

  /** The bundle of a spec, and the log lines of the steps before its delivery. @throws Fault `request.too_large` */
  render(instance: InstanceRow, spec: DesiredSpec): RenderedSpec {
    return this.#render(instance, this.#inputOf(instance, spec, this.secrets.unseal(instance)));
  }

  #render(instance: InstanceRow, input: BundleInput): RenderedSpec {
    const { spec, secrets } = input;
    const { digest, objectsGz, bytes } = renderBundle(input, this.config.maxBundleBytes);
    const same = digest === instance.digest ? ', the same objects as before' : '';
    const logs: LogLine[] = [
      { step: 'validate', level: 'info', message: describeSpec(spec) },
      { step: 'render', level: 'info', message: `Rendered ${bytes} bytes, digest ${digest.slice(0, 12)}${same}.` },
      ...leftChanges(instance, spec, secrets).map((message): LogLine => ({ step: 'render', level: 'warn', message })),
    ];
    return { digest, objectsGz, logs };
  }

  #inputOf(instance: InstanceRow, spec: DesiredSpec, secrets: UnsealedSecrets): BundleInput {
    const { osid, type } = instance;
    return { osid, type, cluster: instance, spec, secrets };
  }

  /**
   * Writes a tombstone and supersedes every open job. An instance that no agent has received is deleted immediately,
   * and its job completes. An agent that stores the bundle `above` has received it.
   * @throws Fault `service.in_use`
   */
  async writeTombstone(
    sql: EntityManager,
    instance: InstanceRow,
    changedBy: string,
    above?: ForeignBundle,
  ): Promise<string> {
    await this.requirements.refuseInUse(sql, instance);
    const type = jobTypeOf(instance.kind, 'delete');
    const sentRevision = await this.work.lockSentRevision(sql, instance.id);
    const { superseded } = planQueue(type, await this.jobs.listOpen(sql, instance.id));
    if (this.plans.take(sql, { kind: 'remove', superseded })) return mintJobId(instance.now);
    const change: Change = {
      kind: 'remove',
      type,
      spec: instance.spec,
      digest: tombstoneDigest,
      changedBy,
      logs: [{ step: 'check', level: 'info', message: `Nothing requires ${instance.osid}; it can be removed.` }],
      above,
    };
    const jobId = await this.#write(sql, instance, change, { superseded, behind: [] });
    if (sentRevision > 0 || above !== undefined) return jobId;
    await this.instances.remove(sql, instance.id);
    const line = { level: 'info', message: 'It was never sent to its cluster: there is nothing to delete.' } as const;
    await this.updates.end(sql, [jobEnd({ jobId, outcome: 'completed', line })]);
    return jobId;
  }

  async #write(
    sql: EntityManager,
    instance: InstanceRow,
    change: Change,
    { superseded, behind }: AffectedJobs,
  ): Promise<string> {
    const { kind, type, spec, digest, changedBy, logs, above, acceptsDataLoss = false, rollsBack } = change;
    const jobId = rollsBack?.jobId ?? mintJobId(instance.now);
    const generation = Math.max(instance.generation, above?.generation ?? 0) + 1;
    const aboveRevision = above?.revision ?? null;
    const acceptedGeneration = generation + behind.length;
    const conditions = acceptedAt(instance, acceptedGeneration);
    const trace = traceHeaders();
    const next = {
      instanceId: instance.id,
      generation,
      acceptedGeneration,
      kind,
      spec,
      digest,
      jobId,
      changedBy,
      conditions: above === undefined ? conditions : conditions.filter(({ type: name }) => name !== divergedReason),
      trace,
      aboveRevision,
      acceptsDataLoss,
    };
    const revision = await this.revisions.create(sql, next);
    await this.starter.supersede(sql, superseded, jobId);
    await this.queue.renumber(sql, behind, generation);
    const jobKind = kind === 'remove' ? ('delete' as const) : ('apply' as const);
    const job = { ...jobOf(instance, jobId), type, kind: jobKind, generation, revision, logs };
    await this.starter.start(sql, { ...job, rollsBack: rollsBack?.failedJobId });
    if (instance.has_queue) await this.queue.describe(sql, instance.id);
    return jobId;
  }

  /** The generation grows at once, so that stale writes are refused; the revision is written when the job starts. */
  async #enqueue(
    sql: EntityManager,
    instance: InstanceRow,
    change: { readonly type: Job['type']; readonly queuePosition: number; readonly pending: PendingChange },
    { superseded, behind }: AffectedJobs,
  ): Promise<string> {
    const jobId = mintJobId(instance.now);
    const generation = instance.generation + 1;
    const acceptedGeneration = generation + behind.length;
    const { changedBy } = change.pending;
    const conditions = acceptedAt(instance, acceptedGeneration);
    await this.revisions.accept(sql, { instanceId: instance.id, changedBy, conditions, acceptedGeneration });
    await this.starter.supersede(sql, superseded, jobId);
    await this.queue.renumber(sql, behind, generation);
    const message = 'Accepted; it starts when the job before it has ended.';
    await this.starter.enqueue(sql, {
      ...jobOf(instance, jobId),
      ...change,
      kind: 'apply',
      generation,
      revision: 0,
      logs: [{ step: 'validate', level: 'info', message }],
    });
    await this.queue.describe(sql, instance.id);
    return jobId;
  }
}

/** A forced change may supersede a restart that a queued spec does not contain. */
function withLastRestart(requested: DesiredSpec, { spec }: InstanceRow): DesiredSpec {
  const [last = null] = [requested.restartedAt, spec.restartedAt]
    .filter((at) => at !== null)
    .sort()
    .reverse();
  return { ...requested, restartedAt: last };
}

/** The conditions of an instance whose last accepted write has this generation. */
export const acceptedAt = ({ conditions, now }: Pick<InstanceRow, 'conditions' | 'now'>, generation: number) =>
  setCondition(conditions, acceptedCondition, generation, now);

const jobOf = (instance: InstanceRow, jobId: string) => ({
  jobId,
  aid: instance.aid,
  cid: instance.cid,
  clusterId: instance.cluster_id,
  instanceId: instance.id,
  osid: instance.osid,
  connected: instance.connected,
  now: instance.now,
});
