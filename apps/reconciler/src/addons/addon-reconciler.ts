import { Injectable } from '@nestjs/common';
import { type Addon, addonByName } from '@runos/addons';
import type { DELETE_ADDON } from '@runos/agent-protocol';
import { InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { Database } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { AgentInstructions } from '../delivery/agent-instructions.js';
import { type DeliveryResult, deliveryResult, type InstructionOutcome } from '../delivery/delivery-plan.js';
import { jobChangeAfterDelivery } from '../delivery/delivery-results.js';
import { runAttempts } from '../delivery/run-attempts.js';
import { JobRepository } from '../jobs/job-repository.js';
import { jobEnd, JobUpdates } from '../jobs/job-updates.js';
import { AddonManifests } from './addon-manifests.js';
import { mayManageAddons, notPermitted } from './addon-permission.js';
import { AddonReadiness } from './addon-readiness.js';
import { AddonReportRepository } from './addon-report-repository.js';
import { type AddonClaim, type ClusterAddonRow, ClusterAddonRepository } from './cluster-addon-repository.js';

/** Longer than the deadline of an instruction, ms: then another replica continues. */
const leaseMs = 90_000;
/** While objects are still being deleted, the removal is repeated at this interval, ms. */
const removalRepeatMs = 2_000;
/** While an applied add-on is not ready, it is applied again at this interval, ms: an object may be deleted meanwhile. */
const installationRepeatMs = 60_000;

/** The cluster of a claim, with the recorded connection of its agent. */
const agentOf = ({ sessionNo, ...cluster }: AddonClaim) => ({ ...cluster, session_no: sessionNo });

/** Installs and removes add-ons by instructions to cluster agents, until the agent has done what is desired. */
@Injectable()
export class AddonReconciler {
  constructor(
    private readonly database: Database,
    private readonly managed: ClusterAddonRepository,
    private readonly reports: AddonReportRepository,
    private readonly readiness: AddonReadiness,
    private readonly manifests: AddonManifests,
    private readonly instructions: AgentInstructions,
    private readonly jobs: JobRepository,
    private readonly updates: JobUpdates,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /** Attempts each row whose next attempt is reached. Returns the time until the next attempt, ms, if there is one. */
  run(): Promise<number | undefined> {
    return runAttempts(this.database.manager, this.managed, leaseMs, (claim) => this.#reconcile(claim));
  }

  async #reconcile(claim: AddonClaim): Promise<void> {
    if (claim.abandoned) return this.managed.abandonRemoval(this.database.manager, claim);
    const outcome = await this.#instruct(claim);
    const result = deliveryResult(outcome, claim.cid, claim.failures);
    await this.database.transaction((sql) => this.#record(sql, claim, outcome, result));
  }

  async #instruct(claim: AddonClaim): Promise<InstructionOutcome> {
    const { name, version, desired } = claim;
    const pinned = addonByName(name);
    if (!mayManageAddons(claim)) return notPermitted(claim, pinned);
    if (desired === 'removed') return this.#instructRemoval(claim, pinned);
    // A replica of a newer build installs what only that build has.
    if (pinned === undefined) return { outcome: 'unsupported', missing: `add-on ${name}` };
    if (pinned.version !== version) {
      const message = `this control plane has the manifest of ${pinned.title} ${pinned.version} and not of ${version}; request its installation to upgrade`;
      return { outcome: 'failed', message };
    }
    const manifest = await this.#manifestOf(pinned);
    if (manifest !== undefined) return this.instructions.applyAddon(agentOf(claim), { name, version, ...manifest });
    return { outcome: 'failed', message: `the control plane cannot read the manifest of ${name} ${version}` };
  }

  /** The agent needs the manifest only if its record of what it installed was deleted by hand. */
  async #instructRemoval(claim: AddonClaim, pinned: Addon | undefined): Promise<InstructionOutcome> {
    const manifest = pinned !== undefined && this.manifests.has(pinned) ? await this.#manifestOf(pinned) : undefined;
    return this.instructions.removeAddon(agentOf(claim), { name: claim.name, manifest });
  }

  /** The packed objects of the pinned version; undefined if they cannot be read. */
  async #manifestOf(pinned: Addon): Promise<z.input<typeof DELETE_ADDON.input>['manifest']> {
    try {
      const { digest, objectsGz } = await this.manifests.pack(pinned);
      return { digest, objectsGz };
    } catch (error) {
      this.logger.error({ err: error, addon: pinned.name }, 'the manifest of an add-on cannot be read');
      return undefined;
    }
  }

  async #record(sql: EntityManager, claim: AddonClaim, outcome: InstructionOutcome, result: DeliveryResult) {
    const rows = await this.managed.lock(sql, claim.aid, claim.cluster_id);
    const row = rows.find(({ name }) => name === claim.name);
    // A newer request has scheduled its own attempt.
    if (row === undefined || row.job_id !== claim.job_id || row.desired !== claim.desired) return;
    const isDone = outcome.outcome === 'accepted' && outcome.done;
    if (isDone && row.desired === 'removed') return this.#recordRemoved(sql, row, outcome.remark);
    const { failures } = result;
    await this.managed.recordAttempt(sql, row, {
      failures,
      appliedVersion: isDone ? row.version : null,
      problem: result.problem ?? (result.delivered ? null : result.progress),
      afterMs: isDone ? installationRepeatMs : (result.requeueAfterMs ?? removalRepeatMs),
    });
    if (isDone) await this.readiness.lockWork(sql, row.cluster_id);
    await this.#recordProgress(sql, row, isDone, result);
    if (!isDone) return;
    const report = await this.reports.current(sql, row.aid, row.cluster_id);
    await this.readiness.update(sql, { id: row.cluster_id, aid: row.aid }, report?.addons ?? []);
  }

  /** `remark`: what the agent has left in the cluster. */
  async #recordRemoved(sql: EntityManager, row: ClusterAddonRow, remark: string | undefined): Promise<void> {
    await this.managed.remove(sql, row);
    if (row.job_id === null) return;
    const removed = `${row.name} is removed.`;
    const line =
      remark === undefined
        ? ({ level: 'info', message: removed } as const)
        : ({ level: 'warn', message: `${removed} ${remark}` } as const);
    await this.updates.end(sql, [jobEnd({ jobId: row.job_id, outcome: 'completed', line })]);
  }

  async #recordProgress(
    sql: EntityManager,
    { job_id: jobId, name }: ClusterAddonRow,
    isDone: boolean,
    result: DeliveryResult,
  ): Promise<void> {
    const job = jobId === null ? undefined : await this.jobs.lockOpenById(sql, jobId);
    if (job === undefined || (job.paused && !result.delivered)) return;
    const progress = isDone ? `waiting until ${name} is ready` : result.progress;
    const change = jobChangeAfterDelivery(job, { ...result, progress }, isDone ? 'wait-ready' : undefined);
    if (change !== undefined) await this.updates.change(sql, [change]);
  }
}
