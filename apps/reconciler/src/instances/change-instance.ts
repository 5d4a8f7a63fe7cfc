import { Injectable } from '@nestjs/common';
import type { UpdatedService } from '@runos/api';
import type { reconciler } from '@runos/contracts';
import { storedType } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { refuseUnfitVersion } from '../configuration/config-checks.js';
import { linkedNames } from '../links/link-resolver.js';
import { jobTypeOf } from '../jobs/queue-plan.js';
import { acceptedServiceSpec, acceptedSpec, isSameSpec } from '../revisions/desired-spec.js';
import { DataLossGuard } from '../revisions/data-loss-guard.js';
import { restarted } from '../revisions/needed-restart.js';
import { RevisionWriter } from '../revisions/revision-writer.js';
import { upgradeTarget } from '../revisions/upgrade-target.js';
import type { InstanceRow } from '../schema/instance-row.js';
import type { Caller } from '../writes/preconditions.js';
import { InstanceRepository } from './instance-repository.js';
import { InstanceWrites } from './instance-writes.js';
import { remarksOf } from './remarks-of.js';
import { type ResolvedUpdate, UpdateResolver } from './update-resolver.js';

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
    private readonly instances: InstanceRepository,
    private readonly writes: InstanceWrites,
    private readonly updates: UpdateResolver,
    private readonly revisions: RevisionWriter,
    private readonly dataLoss: DataLossGuard,
  ) {}

  async update(input: Update, caller: Caller): Promise<Updated> {
    const resolve = await this.updates.prepare(input, caller.tenant);
    const alsoLocked = linkedNames(input);
    return this.writes.run<Updated>({ ...input, alsoLocked }, caller, async (sql, instance) =>
      this.#update(sql, instance, await resolve(sql, instance), input, caller.changedBy),
    );
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

  /** An update without effect makes no job, and neither does one of the name or the sources alone. */
  async #update(
    sql: EntityManager,
    instance: InstanceRow,
    { spec, rrcFlipHint, warnings, writesSpec, description }: ResolvedUpdate,
    { force }: Update,
    changedBy: string,
  ): Promise<Updated> {
    const { id, iid, osid } = instance;
    if (!writesSpec) {
      if (description === undefined) return { osid, noOp: true, message: describeUnchanged(instance) };
      await this.instances.describe(sql, instance, description, changedBy);
      return { id: iid, osid, name: description.name };
    }
    if (description !== undefined) await this.instances.setDescription(sql, id, description);
    const jobId = await this.revisions.writeSpec(sql, instance, {
      spec,
      type: jobTypeOf(instance.kind, 'update'),
      changedBy,
      force,
    });
    return { jobId, ...remarksOf({ rrcFlipHint, warnings }) };
  }
}

/** The desired spec may be what the cluster does not take. */
function describeUnchanged({ osid, conditions }: InstanceRow): string {
  const unapplied = conditions.find(({ type, status }) => type === 'Applied' && status === 'False');
  const cause = unapplied?.message ? `, but it is not applied. ${unapplied.message}` : '.';
  return `${osid} has the requested spec already${cause}`;
}
