import type { IfGeneration } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import type { CallContext } from '@runos/messaging';
import type { WritePlan } from '../revisions/write-plans.js';

/** The account of a write, and the name of its caller as `changed_by` stores it. */
export interface Caller {
  readonly tenant: string;
  readonly changedBy: string;
  /** The write is only planned: it has the same refusals, its effect goes to the plan, and nothing of it stays. */
  readonly plan?: WritePlan;
}

export const callerOf = ({ tenant, actor }: CallContext<'tenant'>): Caller => ({ tenant, changedBy: actor.name });

/**
 * Refuses a write whose `If-Match` names another generation than the current one.
 * @throws Fault `conflict.stale` (HTTP 412) with the current generation and its author
 */
export function refuseStaleGeneration(
  subject: string,
  current: { readonly generation: number; readonly changed_by: string },
  ifGeneration: IfGeneration | undefined,
): void {
  if (ifGeneration === undefined) return;
  const expected = [ifGeneration].flat();
  if (expected.includes(current.generation)) return;
  throw new Fault(
    'conflict.stale',
    `The write was made for generation ${expected.join(' or ')} of ${subject}, which is at generation ${current.generation}, last changed by ${current.changed_by}. Read it again and repeat the change.`,
    { generation: current.generation, changedBy: current.changed_by },
  );
}

/**
 * Refuses a creation above a limit; the limit 0 is no limit.
 * @throws Fault `limit.exceeded` with the limit and the current count
 */
export function refuseOverLimit(limit: number, count: number, objects: string, owner: string): void {
  if (limit === 0 || count < limit) return;
  throw new Fault(
    'limit.exceeded',
    `${owner} has ${count} ${objects}; at most ${limit} are allowed. Delete some first.`,
    { limit, value: count, retryAfterSeconds: 60 },
  );
}
