import { Fault } from '@runos/kernel';
import type { EntityManager } from 'typeorm';
import { runSql } from './run-sql.js';

/** Which write this is a repetition of, if it is one. */
export interface IdempotencyRecord {
  /** The account (aid) whose keys these are. */
  readonly tenant: string;
  /** What the client sent beside the write, and who it is; without it nothing is remembered. */
  readonly idempotency?: Remembered;
  /** For answers that hold a secret: they are kept encrypted, bound to `about`. */
  readonly seal?: Sealer;
}

interface Remembered {
  readonly key: string;
  readonly requestHash: string;
  /** Only they get the answer again. A gateway of an older version does not say. */
  readonly by?: string;
}

export interface Sealer {
  seal(text: string, about: string): string;
  open(sealed: string, about: string): string;
}

interface Claimed {
  readonly fresh: boolean;
  readonly request_hash: string;
  readonly asked_by: string | null;
  readonly answer: string | null;
}

/** How long an answer is remembered. */
const kept = `interval '24 hours'`;

/**
 * Does `work` once per key: a repetition with the same request gets the first answer (as JSON carries it), also when
 * both run at the same time. Belongs into the transaction that does the work.
 * @throws Fault `conflict.idempotency` when the key was used for another request, or by somebody else
 */
export async function idempotent<T>(
  manager: EntityManager,
  { tenant, idempotency, seal }: IdempotencyRecord,
  work: () => Promise<T>,
): Promise<T> {
  if (idempotency === undefined) return work();
  const { key } = idempotency;
  const about = `idempotency/${tenant}/${key}`;
  const claimed = await claim(manager, tenant, idempotency);
  if (!claimed.fresh) {
    if (!isSame(claimed, idempotency)) {
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

/** Where either side was told by a version that does not know who asks, the request alone counts. */
const isSame = ({ request_hash, asked_by }: Claimed, { requestHash, by }: Remembered): boolean =>
  request_hash === requestHash && (asked_by === null || by === undefined || asked_by === by);

/** The insert waits for a concurrent twin to end: if that commits, its answer is here; if not, the work is ours. */
async function claim(manager: EntityManager, tenant: string, { key, requestHash, by }: Remembered): Promise<Claimed> {
  const fresh = await runSql<Claimed>(
    manager,
    `INSERT INTO idempotency AS i (aid, key, request_hash, asked_by) VALUES ($1, $2, $3, $4)
     ON CONFLICT (aid, key) DO UPDATE SET request_hash = $3, asked_by = $4, answer = NULL, created_at = now()
       WHERE i.created_at < now() - ${kept}
     RETURNING true AS fresh, request_hash, asked_by, answer`,
    [tenant, key, requestHash, by ?? null],
  );
  if (fresh.length > 0) return fresh[0];
  const known = await runSql<Claimed>(
    manager,
    'SELECT false AS fresh, request_hash, asked_by, answer FROM idempotency WHERE aid = $1 AND key = $2',
    [tenant, key],
  );
  return known[0];
}

/** Forgets what has been kept long enough; resolves with how many. */
export async function forgetAnswers(manager: EntityManager): Promise<number> {
  const rows = await runSql(manager, `DELETE FROM idempotency WHERE created_at < now() - ${kept} RETURNING 1`);
  return rows.length;
}
