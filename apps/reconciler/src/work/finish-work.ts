import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { Claim } from './claim-work.js';

/** How a turn of work ended. */
export interface Finish {
  readonly claim: Claim;
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
 * Gives claims back, as the first statement of the transaction that writes down what was achieved. Answers in the same
 * order; undefined for a claim that is not ours any more: of that nothing may be written. Time alone would be no guard,
 * because `now()` stands still within a transaction. What was wanted meanwhile is due at once.
 */
export async function finishWork(
  sql: EntityManager,
  finishes: readonly Finish[],
): Promise<readonly (Finished | undefined)[]> {
  const rows = finishes.map(({ claim: { id, fence, wanted }, ...finish }) => ({ id, fence, wanted, ...finish }));
  const done = await runSql<Pick<Claim, 'id' | 'fence'> & { ms: number | null }>(
    sql,
    `UPDATE work w SET leased_until = NULL, worker = NULL, failures = f.failures,
       delivered = greatest(w.delivered, coalesce(f.delivered, 0)),
       due_at = CASE WHEN w.wanted > f.wanted THEN now() ELSE now() + ms(f."againInMs") END
     FROM jsonb_to_recordset($1::jsonb) AS f(id bigint, fence bigint, wanted bigint, failures int, delivered int,
       "againInMs" float8)
     WHERE w.id = ANY($2::bigint[]) AND w.id = f.id AND w.fence = f.fence
     RETURNING w.id, w.fence, (extract(epoch FROM w.due_at - now()) * 1000)::float8 AS ms`,
    [JSON.stringify(rows), rows.map(({ id }) => id)],
  );
  const byClaim = new Map(done.map(({ id, fence, ms }) => [`${id}/${fence}`, { dueInMs: ms }]));
  return finishes.map(({ claim }) => byClaim.get(`${claim.id}/${claim.fence}`));
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
