import { Fault } from '@runos/kernel';
import type { EntityManager } from 'typeorm';
import { runSql } from './run-sql.js';

/** Which write this is a repetition of, if it is one. */
export interface IdempotencyRecord {
  /** The account (aid) whose keys these are. */
  readonly tenant: string;
  /** What the client sent beside the write; without it nothing is remembered. */
  readonly idempotency?: { readonly key: string; readonly requestHash: string };
  /** For answers that hold a secret: they are kept encrypted, bound to `about`. */
  readonly seal?: Sealer;
}

export interface Sealer {
  seal(text: string, about: string): string;
  open(sealed: string, about: string): string;
}

interface Claimed {
  readonly fresh: boolean;
  readonly request_hash: string;
  readonly answer: string | null;
}

/** How long an answer is remembered. */
const kept = `interval '24 hours'`;

/**
 * Does `work` once per key: a repetition with the same request gets the first answer (as JSON carries it), also when
 * both run at the same time. Belongs into the transaction that does the work.
 * @throws Fault `conflict.idempotency` when the key was used for another request
 */
export async function idempotent<T>(
  manager: EntityManager,
  { tenant, idempotency, seal }: IdempotencyRecord,
  work: () => Promise<T>,
): Promise<T> {
  if (idempotency === undefined) return work();
  const { key, requestHash } = idempotency;
  const about = `idempotency/${tenant}/${key}`;
  const claimed = await claim(manager, tenant, key, requestHash);
  if (!claimed.fresh) {
    if (claimed.request_hash !== requestHash) {
      throw new Fault(
        'conflict.idempotency',
        `The Idempotency-Key ${JSON.stringify(key)} was used for another request; use a new key for a new request.`,
      );
    }
    const answer = claimed.answer ?? 'null';
    return JSON.parse(seal ? seal.open(answer, about) : answer) as T;
  }
  const answer = await work();
  const text = JSON.stringify(answer ?? null);
  await runSql(manager, 'UPDATE idempotency SET answer = $3 WHERE aid = $1 AND key = $2', [
    tenant,
    key,
    seal ? seal.seal(text, about) : text,
  ]);
  return answer;
}

/** The insert waits for a concurrent twin to end: if that commits, its answer is here; if not, the work is ours. */
async function claim(manager: EntityManager, tenant: string, key: string, requestHash: string): Promise<Claimed> {
  const fresh = await runSql<Claimed>(
    manager,
    `INSERT INTO idempotency AS i (aid, key, request_hash) VALUES ($1, $2, $3)
     ON CONFLICT (aid, key) DO UPDATE SET request_hash = $3, answer = NULL, created_at = now()
       WHERE i.created_at < now() - ${kept}
     RETURNING true AS fresh, request_hash, answer`,
    [tenant, key, requestHash],
  );
  if (fresh.length > 0) return fresh[0];
  const known = await runSql<Claimed>(
    manager,
    'SELECT false AS fresh, request_hash, answer FROM idempotency WHERE aid = $1 AND key = $2',
    [tenant, key],
  );
  return known[0];
}

/** Forgets what has been kept long enough; resolves with how many. */
export async function forgetAnswers(manager: EntityManager): Promise<number> {
  const rows = await runSql(manager, `DELETE FROM idempotency WHERE created_at < now() - ${kept} RETURNING 1`);
  return rows.length;
}
