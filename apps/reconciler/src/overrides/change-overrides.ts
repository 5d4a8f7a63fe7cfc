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
import { type InstanceRow, versioned } from '../schema/instance-row.js';
import type { Caller } from '../writes/preconditions.js';
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
    @InjectConfig() private readonly config: ReconcilerConfig,
  ) {}

  async list(name: InstanceName, tenant: string): Promise<List> {
    const instance = await this.instances.get(this.database.manager, tenant, name);
    const files = filesOf(acceptedSpec(instance));
    const overrides = files.map(({ id, name: fileName, enabled, data }) => ({ id, name: fileName, enabled, data }));
    return versioned(instance, { overrides });
  }

  /** @throws Fault `override.invalid`, `conflict.data_loss`, `request.too_large` */
  create(input: Create, caller: Caller): Promise<Created> {
    const { changedBy } = caller;
    const overrideId = randomUUID();
    return this.writes.run<Created>(input, caller, async (sql, instance) => {
      const files = [...filesOf(acceptedSpec(instance)), overrideOf(overrideId, input.file, this.config)];
      const spec = this.#withFiles(instance, files);
      return { overrideId, jobId: await this.#write(sql, instance, spec, { changedBy, force: input.force }) };
    });
  }

  /** @throws Fault `override.not_found`, and as `create` */
  update(input: Update, caller: Caller): Promise<Changed> {
    const { overrideId: id } = input;
    return this.#change(input, id, caller, (files) => {
      const next = overrideOf(id, input.file, this.config);
      return files.map((file) => (file.id === id ? next : file));
    });
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
      const files = filesOf(acceptedSpec(instance));
      refuseMissing(files, id, osid);
      const spec = this.#withFiles(instance, changed(files));
      if (isSameSpec(acceptedSpec(instance), spec))
        return { osid, noOp: true, message: `${osid} has this override already.` };
      return { jobId: await this.#write(sql, instance, spec, { changedBy, force: input.force }) };
    });
  }

  /** The spec with other files. @throws Fault `override.invalid` */
  #withFiles(instance: InstanceRow, files: readonly Override[]): DesiredSpec {
    refuseTooMany(files, this.config);
    return withOverrides(acceptedSpec(instance), overridesOf(files));
  }

  #write(sql: EntityManager, instance: InstanceRow, spec: DesiredSpec, { changedBy, force }: Consent) {
    this.dataLoss.refuseChange(instance, spec, force);
    const type = jobTypeOf(instance.kind, 'update');
    return this.revisions.writeSpec(sql, instance, { spec, type, changedBy, force });
  }
}
