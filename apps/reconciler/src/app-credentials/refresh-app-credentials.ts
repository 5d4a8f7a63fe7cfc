import { Injectable } from '@nestjs/common';
import { Fault } from '@runos/kernel';
import { InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { Database } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { clusterOf } from '../instances/event-budget.js';
import { EventRepository } from '../instances/event-repository.js';
import { InstanceRepository } from '../instances/instance-repository.js';
import { InstanceSecrets } from '../instances/instance-secrets.js';
import { LinkResolver } from '../links/link-resolver.js';
import { jobTypeOf } from '../jobs/queue-plan.js';
import { acceptedSpec, isSameSpec } from '../revisions/desired-spec.js';
import { isRefusal } from '../revisions/fault-or.js';
import { RevisionWriter } from '../revisions/revision-writer.js';
import type { InstanceRow } from '../schema/instance-row.js';
import type { CredentialRefusal, CredentialRolloutRow } from '../schema/registry-row.js';
import { lockTimeoutMs } from '../work/traced-batcher.js';
import { CredentialRolloutRepository, type TakenRollout } from './credential-rollout-repository.js';
import { credentialsRefusedEvent } from './refused-credentials.js';
import { PullCredentialResolver } from '../registries/pull-credential-resolver.js';

/** Rows per read; each is a transaction of its own. */
const batchSize = 100;

/**
 * Gives apps their new credentials, of a registry or of what they require: each gets a revision with one rollout. An app
 * whose revision is refused has a condition and an event about it until it succeeds.
 */
@Injectable()
export class RefreshAppCredentials {
  constructor(
    private readonly database: Database,
    private readonly rollouts: CredentialRolloutRepository,
    private readonly instances: InstanceRepository,
    private readonly secrets: InstanceSecrets,
    private readonly links: LinkResolver,
    private readonly pulls: PullCredentialResolver,
    private readonly revisions: RevisionWriter,
    private readonly events: EventRepository,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /** All that are ready. A locked app delays no other: it is retried. Two replicas may take a row; only one changes its app. */
  async run(signal: AbortSignal): Promise<undefined> {
    for (;;) {
      const ready = await this.rollouts.ready(this.database.manager, batchSize);
      for (const row of ready) {
        if (signal.aborted) return;
        await this.#runOne(row);
      }
      if (ready.length < batchSize) return;
    }
  }

  async #runOne(row: CredentialRolloutRow): Promise<void> {
    try {
      await this.database.transaction((sql) => this.#update(sql, row), { lockTimeoutMs });
    } catch (error) {
      this.logger.warn({ err: error, instance: row.instance_id }, 'an app did not get its credentials, retrying');
      await this.rollouts.retryLater(this.database.manager, row);
    }
  }

  /** An app that has diverged gets them with the decision about it. */
  async #update(sql: EntityManager, row: CredentialRolloutRow): Promise<void> {
    await this.instances.lockRows(sql, [row.instance_id]);
    const taken = await this.rollouts.take(sql, row);
    if (taken === undefined) return;
    const [instance] = await this.instances.readAll(sql, [row.instance_id]);
    if (instance === undefined || instance.deleting || instance.diverged !== null) return;
    const current = acceptedSpec(instance);
    const linked = await this.links.refresh(sql, instance, current);
    const spec = await this.pulls.refresh(sql, instance, linked, this.secrets.unseal(instance), current);
    if (isSameSpec(current, spec)) return;
    const change = { spec, type: jobTypeOf(instance.kind, 'update'), changedBy: row.changed_by };
    try {
      await this.revisions.writeSpec(sql, instance, change);
    } catch (error) {
      if (!(error instanceof Fault) || !isRefusal(error)) throw error;
      // A bundle at its limit, or an override that does not fit.
      await this.#refuse(sql, row, instance, { message: error.message, since: instance.now.toISOString() }, taken);
    }
  }

  async #refuse(
    sql: EntityManager,
    row: CredentialRolloutRow,
    instance: InstanceRow,
    refusal: CredentialRefusal,
    { failures, refusal: before }: TakenRollout,
  ): Promise<void> {
    const isSame = before?.message === refusal.message;
    await this.rollouts.refuse(sql, { ...row, failures }, isSame ? before : refusal);
    if (isSame) return;
    this.logger.warn({ osid: instance.osid, refusal: refusal.message }, 'an app is refused with its credentials');
    const event = credentialsRefusedEvent(instance.osid, refusal);
    await this.events.create(sql, [{ instanceId: instance.id, cluster: clusterOf(instance), ...event }]);
  }
}
