import { Injectable } from '@nestjs/common';
import type { InputOf, OutputOf, reconciler } from '@runos/contracts';
import { InjectConfig } from '@runos/messaging';
import { Database } from '@runos/persistence';
import { type Override, overridesOf } from '@runos/overrides';
import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { ReconcilerConfig } from '../config.js';
import { type InstanceName, InstanceRepository } from '../instances/instance-repository.js';
import { InstanceWrites } from '../instances/instance-writes.js';
import { jobTypeOf } from '../jobs/queue-plan.js';
import { DataLossGuard } from '../revisions/data-loss-guard.js';
import { acceptedSpec, type DesiredSpec, isSameSpec, withOverrides } from '../revisions/desired-spec.js';
import { RevisionWriter } from '../revisions/revision-writer.js';
import type { InstanceRow } from '../schema/instance-row.js';
import type { Caller } from '../writes/preconditions.js';
import { OverrideTrial } from './override-trial.js';
import { overrideOf, refuseMissing, refuseTooMany } from './changed-files.js';

type List = OutputOf<typeof reconciler.listOverrides>;
type Created = OutputOf<typeof reconciler.createOverride>;
type Changed = OutputOf<typeof reconciler.updateOverride>;
type Create = InputOf<typeof reconciler.createOverride>;
type Update = InputOf<typeof reconciler.updateOverride>;
type Delete = InputOf<typeof reconciler.deleteOverride>;

/** Who changes the overrides, and whether although data is at risk. */
interface Consent {
  readonly changedBy: string;
  readonly force: boolean | undefined;
}

const filesOf = ({ overrides }: DesiredSpec): readonly Override[] => overrides?.files ?? [];

/** Lists and changes the overrides of services and apps. Each change is a revision with one rollout. */
@Injectable()
export class ChangeOverrides {
  constructor(
    private readonly database: Database,
    private readonly instances: InstanceRepository,
    private readonly writes: InstanceWrites,
    private readonly revisions: RevisionWriter,
    private readonly dataLoss: DataLossGuard,
    private readonly trial: OverrideTrial,
    @InjectConfig() private readonly config: ReconcilerConfig,
  ) {}

  async list(name: InstanceName, tenant: string): Promise<List> {
    const files = filesOf(acceptedSpec(await this.instances.get(this.database.manager, tenant, name)));
    return { overrides: files.map(({ id, name: fileName, enabled, data }) => ({ id, name: fileName, enabled, data })) };
  }

  /** @throws Fault `override.invalid`, `conflict.data_loss`, `request.too_large` */
  async create(input: Create, { tenant, changedBy }: Caller): Promise<Created> {
    const overrideId = randomUUID();
    const specOf = (instance: InstanceRow) =>
      this.#withFiles(instance, (files) => [...files, overrideOf(overrideId, input.file, this.config)]);
    await this.trial.run(input, tenant, specOf);
    return this.writes.run<Created>(input, { tenant, changedBy }, async (sql, instance) => {
      const consent = { changedBy, force: input.force };
      return { overrideId, jobId: await this.#write(sql, instance, specOf(instance), consent) };
    });
  }

  /** @throws Fault `override.not_found`, and as `create` */
  async update(input: Update, caller: Caller): Promise<Changed> {
    const { overrideId: id } = input;
    const changed = (files: readonly Override[]) => {
      const next = overrideOf(id, input.file, this.config);
      return files.map((file) => (file.id === id ? next : file));
    };
    await this.trial.run(input, caller.tenant, (instance) => this.#changed(instance, id, changed));
    return this.#change(input, id, caller, changed);
  }

  /** @throws Fault `override.not_found`, and as `create` */
  delete(input: Delete, caller: Caller): Promise<Changed> {
    const { overrideId: id } = input;
    return this.#change(input, id, caller, (files) => files.filter((file) => file.id !== id));
  }

  #change(
    input: Delete,
    id: string,
    caller: Caller,
    changed: (files: readonly Override[]) => readonly Override[],
  ): Promise<Changed> {
    return this.writes.run<Changed>(input, caller, async (sql, instance) => {
      const { changedBy } = caller;
      const { osid } = instance;
      const spec = this.#changed(instance, id, changed);
      if (isSameSpec(acceptedSpec(instance), spec))
        return { osid, noOp: true, message: `${osid} has this override already.` };
      return { jobId: await this.#write(sql, instance, spec, { changedBy, force: input.force }) };
    });
  }

  /** @throws Fault `override.not_found`, and as `#withFiles` */
  #changed(instance: InstanceRow, id: string, changed: (files: readonly Override[]) => readonly Override[]) {
    refuseMissing(filesOf(acceptedSpec(instance)), id, instance.osid);
    return this.#withFiles(instance, changed);
  }

  /** The spec with other files. @throws Fault `override.invalid` */
  #withFiles(instance: InstanceRow, changed: (files: readonly Override[]) => readonly Override[]): DesiredSpec {
    const current = acceptedSpec(instance);
    const files = changed(filesOf(current));
    refuseTooMany(files, this.config);
    return withOverrides(current, overridesOf(files));
  }

  #write(sql: EntityManager, instance: InstanceRow, spec: DesiredSpec, { changedBy, force }: Consent) {
    this.dataLoss.refuseChange(instance, spec, force);
    const type = jobTypeOf(instance.kind, 'update');
    return this.revisions.writeSpec(sql, instance, { spec, type, changedBy, force });
  }
}
