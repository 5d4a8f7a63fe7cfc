import { Injectable } from '@nestjs/common';
import type { UpdatedService } from '@runos/api';
import type { reconciler } from '@runos/contracts';
import { canonicalJson } from '@runos/kube-objects';
import { Database } from '@runos/persistence';
import { resolveAppSource, storedType } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { refuseUnfitVersion } from '../configuration/config-checks.js';
import { LinkResolver, linksOf } from '../links/link-resolver.js';
import { jobTypeOf } from '../jobs/queue-plan.js';
import { acceptedServiceSpec, acceptedSpec, type DesiredSpec, isSameSpec } from '../revisions/desired-spec.js';
import { DataLossGuard, isKeptByAgent } from '../revisions/data-loss-guard.js';
import { restarted } from '../revisions/needed-restart.js';
import { RevisionWriter } from '../revisions/revision-writer.js';
import { type ResolvedSpec, SpecResolver } from '../revisions/spec-resolver.js';
import { upgradeTarget } from '../revisions/upgrade-target.js';
import type { InstanceRow } from '../schema/instance-row.js';
import type { Caller } from '../writes/preconditions.js';
import { InstanceRepository } from './instance-repository.js';
import { InstanceSecrets } from './instance-secrets.js';
import { InstanceWrites } from './instance-writes.js';

type Update = z.output<typeof reconciler.updateInstance.input>;
type Delete = z.output<typeof reconciler.deleteInstance.input>;
type Restart = z.output<typeof reconciler.restartInstance.input>;
type Upgrade = z.output<typeof reconciler.upgradeInstance.input>;
type Upgraded = z.output<typeof reconciler.upgradeInstance.output>;
type Updated = z.output<typeof UpdatedService>;
type Restarted = z.output<typeof reconciler.restartInstance.output>;

/**
 * Updates, upgrades, restarts and deletes instances. Each write locks the instance, checks its generation, and runs once
 * per key. All but deletions are refused with `conflict.data_loss` while they would end a pod whose data is at risk.
 */
@Injectable()
export class ChangeInstance {
  constructor(
    private readonly database: Database,
    private readonly instances: InstanceRepository,
    private readonly writes: InstanceWrites,
    private readonly resolver: SpecResolver,
    private readonly revisions: RevisionWriter,
    private readonly dataLoss: DataLossGuard,
    private readonly links: LinkResolver,
    private readonly secrets: InstanceSecrets,
  ) {}

  async update(input: Update, caller: Caller): Promise<Updated> {
    // The spec is resolved before the lock. A concurrent write changes the generation; then it is resolved again.
    const unlocked = await this.instances.get(this.database.manager, caller.tenant, input);
    let resolved = unlocked.deleting
      ? undefined
      : await this.resolver.forUpdate(unlocked, input.fields, input.clearsAbsent);
    return this.writes.run<Updated>(input, caller, async (sql, instance) => {
      if (resolved === undefined || instance.generation !== unlocked.generation) {
        resolved = await this.resolver.forUpdate(instance, input.fields, input.clearsAbsent);
      }
      const spec = await this.#linked(sql, instance, resolved.spec, input.fields);
      return this.#update(sql, instance, { ...resolved, spec }, input, caller.changedBy);
    });
  }

  restart(input: Restart, caller: Caller): Promise<Restarted> {
    return this.writes.run<Restarted>(input, caller, async (sql, instance) => {
      const { changedBy } = caller;
      const spec = restarted(instance, acceptedSpec(instance));
      const { force } = input;
      this.dataLoss.refuseChange(instance, spec, force);
      const jobId = await this.revisions.writeSpec(sql, instance, {
        spec,
        type: jobTypeOf(instance.kind, 'restart'),
        changedBy,
        force,
      });
      return { osid: instance.osid, message: `${instance.osid} is being restarted.`, jobId };
    });
  }

  /**
   * To the newest renderer, and to `version` if it is given.
   * @throws Fault as `upgradeTarget`; `configset.invalid` for settings with which that version would not start
   */
  upgrade(input: Upgrade, caller: Caller): Promise<Upgraded> {
    return this.writes.run<Upgraded>(input, caller, async (sql, instance) => {
      const { osid } = instance;
      const current = acceptedServiceSpec(instance);
      const spec = upgradeTarget(storedType(instance.type), current, input.version);
      if (isSameSpec(current, spec)) return { osid, noOp: true, message: `${osid} is up to date already.` };
      refuseUnfitVersion(instance.type, current, spec);
      const { changedBy } = caller;
      const { force } = input;
      this.dataLoss.refuseChange(instance, spec, force);
      const jobId = await this.revisions.writeSpec(sql, instance, { spec, type: 'service.upgrade', changedBy, force });
      return { jobId };
    });
  }

  delete(input: Delete, caller: Caller): Promise<{ jobId: string }> {
    return this.writes.run<{ jobId: string }>(input, caller, async (sql, instance) => ({
      jobId: await this.revisions.writeTombstone(sql, instance, caller.changedBy),
    }));
  }

  /** Links are resolved under the lock, because the instances that they lead to are locked too. */
  #linked(
    sql: EntityManager,
    instance: InstanceRow,
    spec: DesiredSpec,
    fields: Update['fields'],
  ): Promise<DesiredSpec> {
    if (spec.kind !== 'app' || fields.requires === undefined) return Promise.resolve(spec);
    return this.links.link(sql, instance, spec, linksOf(fields), this.secrets.unseal(instance));
  }

  /** An update without effect makes no job, and neither does one of the name or the sources alone. */
  async #update(
    sql: EntityManager,
    instance: InstanceRow,
    { spec, rrcFlipHint }: ResolvedSpec,
    { fields, force }: Update,
    changedBy: string,
  ): Promise<Updated> {
    const { id, iid, osid } = instance;
    const { name = instance.name } = fields;
    const source = spec.kind === 'app' ? resolveAppSource(fields, instance.source) : instance.source;
    const isDescribed = name !== instance.name || canonicalJson(source) !== canonicalJson(instance.source);
    const isForced = force === true && isKeptByAgent(instance);
    if (isSameSpec(acceptedSpec(instance), spec) && !isForced) {
      if (!isDescribed) return { osid, noOp: true, message: describeUnchanged(instance) };
      await this.instances.describe(sql, instance, { name, source }, changedBy);
      return { id: iid, osid, name };
    }
    this.dataLoss.refuseChange(instance, spec, force);
    if (isDescribed) await this.instances.setDescription(sql, id, { name, source });
    const jobId = await this.revisions.writeSpec(sql, instance, {
      spec,
      type: jobTypeOf(instance.kind, 'update'),
      changedBy,
      force,
    });
    return { jobId, ...(rrcFlipHint === undefined ? {} : { rrcFlipHint }) };
  }
}

/** The desired spec may be what the cluster does not take. */
function describeUnchanged({ osid, conditions }: InstanceRow): string {
  const unapplied = conditions.find(({ type, status }) => type === 'Applied' && status === 'False');
  const cause = unapplied?.message ? `, but it is not applied. ${unapplied.message}` : '.';
  return `${osid} has the requested spec already${cause}`;
}
