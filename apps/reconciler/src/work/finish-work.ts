import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { Claim } from './claim-work.js';

/** How a turn of work ended. */
export interface Finish {
  /** The agent has stored this revision. */
  readonly delivered?: number;
  /** Look again after this long, ms; absent: only when there is a new reason. */
  readonly againInMs?: number;
  readonly failures: number;
}

/** A claim that was given back, and when its row is due again, in ms; null: when there is a new reason. */
export interface Finished {
  readonly dueInMs: number | null;
}

/**
 * Gives a claim back, as the first statement of the transaction that writes down what was achieved. Undefined when the
 * claim is not ours any more: then nothing may be written. Time alone would be no guard, because `now()` stands still
 * within a transaction. What was wanted meanwhile is due at once.
 */
export async function finishWork(sql: EntityManager, claim: Claim, finish: Finish): Promise<Finished | undefined> {
  const [done] = await runSql<{ ms: number | null }>(
    sql,
    `UPDATE work SET leased_until = NULL, worker = NULL, failures = $4,
       delivered = greatest(delivered, coalesce($5::int, 0)),
       due_at = CASE WHEN wanted > $3 THEN now() ELSE now() + ms($6::float8) END
     WHERE id = $1 AND fence = $2 RETURNING (extract(epoch FROM due_at - now()) * 1000)::float8 AS ms`,
    [claim.id, claim.fence, claim.wanted, finish.failures, finish.delivered ?? null, finish.againInMs ?? null],
  );
  return done && { dueInMs: done.ms };
}

/**
 * Holds a whole lane back: its agent is not there, so none of its rows needs to be tried before. An agent that has come
 * meanwhile, in a later session, is not held back.
 */
export async function holdLane(
  sql: EntityManager,
  { cluster_id, session_no }: { readonly cluster_id: number; readonly session_no: number },
  forMs: number,
): Promise<void> {
  await runSql(sql, 'UPDATE cluster SET not_before = now() + ms($3) WHERE id = $1 AND present AND session_no = $2', [
    cluster_id,
    session_no,
    forMs,
  ]);
}
