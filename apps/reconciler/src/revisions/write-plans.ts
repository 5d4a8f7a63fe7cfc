import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { InstanceRow } from '../schema/instance-row.js';
import type { NextRevision } from './next-revision.js';

/** A deletion has no next spec, and supersedes every open job. */
export type PlannedRevision =
  ({ readonly kind: 'apply' } & NextRevision) | { readonly kind: 'remove'; readonly superseded: readonly string[] };

/** What a write would do to its instance. */
interface PlannedWrite {
  /** As it is locked. */
  readonly instance: InstanceRow;
  /** Undefined: it writes no revision. */
  readonly next?: PlannedRevision | undefined;
  /** With the name and the sources after the write. */
  readonly described: Pick<InstanceRow, 'name' | 'source'>;
}

/** Collects what a write does that is only planned. */
export class WritePlan {
  #planned: PlannedWrite | undefined;

  /** @throws Error for a write of no instance */
  get planned(): PlannedWrite {
    if (this.#planned === undefined) throw new Error('a plan was made of a write that locks no instance');
    return this.#planned;
  }

  /** A transaction that is repeated begins again. */
  begin(instance: InstanceRow): void {
    this.#planned = { instance, described: instance };
  }

  take(next: PlannedRevision): void {
    this.#planned = { ...this.planned, next };
  }

  describe(described: PlannedWrite['described']): void {
    this.#planned = { ...this.planned, described };
  }
}

/** The transactions that plan a write, which are rolled back. */
@Injectable()
export class WritePlans {
  readonly #plans = new WeakMap<EntityManager, WritePlan>();

  /** The next revision of this transaction goes to the plan. */
  begin(sql: EntityManager, plan: WritePlan, instance: InstanceRow): void {
    plan.begin(instance);
    this.#plans.set(sql, plan);
  }

  /** Whether a plan has taken the revision, so that it must not be written. */
  take(sql: EntityManager, next: PlannedRevision): boolean {
    const plan = this.#plans.get(sql);
    plan?.take(next);
    return plan !== undefined;
  }
}
