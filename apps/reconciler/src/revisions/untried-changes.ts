import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { InstanceRow } from '../schema/instance-row.js';
import { acceptedSpec, hasOverrides } from './desired-spec.js';
import type { NextRevision } from './next-revision.js';

/** Ends a transaction whose change the cluster must try first: a request must not hold a lock. */
export class UntriedChange extends Error {
  override readonly name = 'UntriedChange';

  constructor(
    readonly instance: InstanceRow,
    readonly next: NextRevision,
  ) {
    super(`the cluster has not tried revision ${instance.revision + 1} of ${instance.osid}`);
  }
}

/** The transactions whose changes the cluster tries before they are written. */
@Injectable()
export class UntriedChanges {
  readonly #transactions = new WeakSet<EntityManager>();

  /** Changes of this transaction are tried first. */
  refuseIn(sql: EntityManager): void {
    this.#transactions.add(sql);
  }

  /**
   * Only overrides can make objects that the cluster does not take: what a type renders is known to be right.
   * @throws UntriedChange for an instance that has overrides, or had some
   */
  check(sql: EntityManager, instance: InstanceRow, next: NextRevision): void {
    if (!this.#transactions.has(sql) || next.digest === instance.digest) return;
    if (hasOverrides(next.spec) || hasOverrides(acceptedSpec(instance))) throw new UntriedChange(instance, next);
  }
}
