import { Injectable } from '@nestjs/common';
import type { reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Database, idempotent } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { describeDivergence, detailsOf } from '../divergence/foreign-bundle.js';
import { ChangeTrial } from '../plans/change-trial.js';
import { UntriedChange, UntriedChanges } from '../revisions/untried-changes.js';
import { type WritePlan, WritePlans } from '../revisions/write-plans.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { type Caller, refuseStaleGeneration } from '../writes/preconditions.js';
import { type InstanceName, InstanceRepository } from './instance-repository.js';

type WriteOptions = Pick<z.output<typeof reconciler.deleteInstance.input>, 'idempotency' | 'ifGeneration'> & {
  /** Other instances that the write locks. They are locked in one order with its own, because apps may require each other. */
  readonly alsoLocked?: readonly InstanceName[];
};

/** A write of a locked instance. */
type Write<Result> = (sql: EntityManager, instance: InstanceRow) => Promise<Result>;

/** Runs writes of existing instances. */
@Injectable()
export class InstanceWrites {
  constructor(
    private readonly database: Database,
    private readonly instances: InstanceRepository,
    private readonly untried: UntriedChanges,
    private readonly trial: ChangeTrial,
    private readonly plans: WritePlans,
  ) {}

  /**
   * Runs `work` once per idempotency key, in a transaction with the locked instance. A change of an instance with
   * overrides is resolved first without being written, and tried by its cluster. The result has a warning if it was not.
   * For a caller with a plan, the transaction is rolled back, and the key is ignored.
   * @throws Fault `override.invalid`, `conflict.deleting`, `conflict.diverged`, `conflict.stale`, `conflict.idempotency`
   */
  async run<Result extends object>(
    input: InstanceName & WriteOptions,
    caller: Caller,
    work: Write<Result>,
  ): Promise<Result> {
    const { tenant, plan } = caller;
    const { idempotency } = input;
    if (plan !== undefined) {
      return this.database.rehearse((sql) => this.#runLocked(sql, input, tenant, this.#planned(plan, input, work)));
    }
    const attempt = (isTried: boolean, warning?: string) =>
      this.database.transaction((sql) => {
        if (!isTried) this.untried.refuseIn(sql);
        return idempotent(sql, { tenant, idempotency }, async () =>
          withWarning(await this.#runLocked(sql, input, tenant, work), warning),
        );
      });
    try {
      return await attempt(false);
    } catch (error) {
      if (!(error instanceof UntriedChange)) throw error;
      return attempt(true, await this.trial.run(error));
    }
  }

  /** `work`, whose effect goes to the plan. */
  #planned<Result>(plan: WritePlan, name: InstanceName, work: Write<Result>): Write<Result> {
    return async (sql, instance) => {
      this.plans.begin(sql, plan, instance);
      const result = await work(sql, instance);
      plan.describe(await this.instances.get(sql, instance.aid, name));
      return result;
    };
  }

  async #runLocked<Result>(
    sql: EntityManager,
    input: InstanceName & Pick<WriteOptions, 'ifGeneration' | 'alsoLocked'>,
    tenant: string,
    work: Write<Result>,
  ): Promise<Result> {
    const { alsoLocked = [] } = input;
    const names = [input, ...alsoLocked].map((name) => ({ ...name, tenant }));
    if (alsoLocked.length > 0) await this.instances.lockAllExisting(sql, names);
    const instance = await this.instances.lock(sql, tenant, input);
    if (instance.deleting) {
      throw new Fault('conflict.deleting', `${instance.osid} is being deleted; it cannot be changed any more.`);
    }
    refuseDiverged(instance);
    refuseStaleGeneration(instance.osid, instance, input.ifGeneration);
    return work(sql, instance);
  }
}

/** The result of a write that has a job, with a further warning. */
function withWarning<Result extends object>(result: Result, warning: string | undefined): Result {
  if (warning === undefined || !('jobId' in result)) return result;
  const { warnings = [] } = result as { readonly warnings?: readonly string[] };
  return { ...result, warnings: [...warnings, warning] };
}

function refuseDiverged(instance: InstanceRow): void {
  const { diverged } = instance;
  if (diverged === null) return;
  throw new Fault('conflict.diverged', describeDivergence(instance, diverged), detailsOf(diverged));
}
