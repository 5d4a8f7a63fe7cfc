import { Fault } from '@runos/kernel';
import type { EntityManager, MigrationInterface, QueryRunner } from 'typeorm';
import { expiredRows } from '../retention/retention-rule.js';
import { runSql } from '../transactions/database.js';

/** The idempotency scope of a write. */
export interface IdempotencyRecord {
  /** The account (aid) of the key. */
  readonly tenant: string;
  /** The client's key, if any; without one the work runs every time. */
  readonly idempotency?: IdempotencyKey;
  /** Encrypts responses that contain a secret, bound to account and key. */
  readonly seal?: Sealer;
}

interface IdempotencyKey {
  readonly key: string;
  readonly requestHash: string;
  /** The caller; only the same caller gets the response again. An older gateway does not send it. */
  readonly caller?: string;
}

export interface Sealer {
  seal(text: string, about: string): string;
  unseal(sealed: string, about: string): string;
}

interface UsedKey {
  readonly request_hash: string;
  readonly caller: string | null;
}

interface ClaimResult extends UsedKey {
  readonly claimed: boolean;
  readonly response: string | null;
}

/** How long a repeated request gets the stored response. */
const retention = `interval '24 hours'`;

/**
 * Runs `work` once per key: a repeated request gets the first response (after a JSON round trip), also when both run
 * concurrently. Must run in the transaction of the work.
 * @throws Fault `conflict.idempotency` when the key was used for another request or by another caller
 */
export async function idempotent<T>(
  manager: EntityManager,
  { tenant, idempotency, seal }: IdempotencyRecord,
  work: () => Promise<T>,
): Promise<T> {
  if (idempotency === undefined) return work();
  const { key } = idempotency;
  const about = `idempotency/${tenant}/${key}`;
  const result = await claim(manager, tenant, idempotency);
  if (!result.claimed) {
    refuseOther(result, idempotency);
    const response = result.response ?? 'null';
    return JSON.parse(seal ? seal.unseal(response, about) : response) as T;
  }
  const response = await work();
  const text = JSON.stringify(response ?? null);
  await runSql(manager, 'UPDATE idempotency SET response = $3 WHERE aid = $1 AND key = $2', [
    tenant,
    key,
    seal ? seal.seal(text, about) : text,
  ]);
  return response;
}

/**
 * Whether the request repeats an earlier one, so that `idempotent` will not run its work. For what must come before the
 * transaction. False while the first request has not committed.
 * @throws Fault `conflict.idempotency` as `idempotent`
 */
export async function isRepeated(
  manager: EntityManager,
  { tenant, idempotency }: Omit<IdempotencyRecord, 'seal'>,
): Promise<boolean> {
  if (idempotency === undefined) return false;
  const [used] = await runSql<UsedKey>(
    manager,
    `SELECT request_hash, caller FROM idempotency
     WHERE aid = $1 AND key = $2 AND created_at >= now() - ${retention}`,
    [tenant, idempotency.key],
  );
  if (used !== undefined) refuseOther(used, idempotency);
  return used !== undefined;
}

function refuseOther(used: UsedKey, idempotency: IdempotencyKey): void {
  if (isSame(used, idempotency)) return;
  throw new Fault(
    'conflict.idempotency',
    `The Idempotency-Key ${JSON.stringify(idempotency.key)} was used for another request; use a new key for a new request.`,
  );
}

/** When either side has no caller (an older version), the request alone counts. */
const isSame = (stored: UsedKey, { requestHash, caller }: IdempotencyKey): boolean =>
  stored.request_hash === requestHash && (stored.caller === null || caller === undefined || stored.caller === caller);

/** The insert waits for a concurrent request with the same key: its commit provides the response, its rollback frees the key. */
async function claim(
  manager: EntityManager,
  tenant: string,
  { key, requestHash, caller }: IdempotencyKey,
): Promise<ClaimResult> {
  const [claimed] = await runSql<ClaimResult>(
    manager,
    `INSERT INTO idempotency AS i (aid, key, request_hash, caller) VALUES ($1, $2, $3, $4)
     ON CONFLICT (aid, key) DO UPDATE SET request_hash = $3, caller = $4, response = NULL, created_at = now()
       WHERE i.created_at < now() - ${retention}
     RETURNING true AS claimed, request_hash, caller, response`,
    [tenant, key, requestHash, caller ?? null],
  );
  if (claimed !== undefined) return claimed;
  const [existing] = await runSql<ClaimResult>(
    manager,
    'SELECT false AS claimed, request_hash, caller, response FROM idempotency WHERE aid = $1 AND key = $2',
    [tenant, key],
  );
  if (existing === undefined) throw new Error(`idempotency key ${JSON.stringify(key)} was deleted concurrently`);
  return existing;
}

/** Deletes responses after their retention. */
export const expiredResponses = expiredRows({
  table: 'idempotency',
  condition: `created_at < now() - ${retention}`,
});

/** `caller` is null for keys of gateways that do not send it. */
export class CreateIdempotency1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE idempotency (
        aid text NOT NULL,
        key text NOT NULL,
        request_hash text NOT NULL,
        caller text,
        response text,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_idempotency PRIMARY KEY (aid, key)
      )`);
    await runner.query('CREATE INDEX ix_idempotency_created_at ON idempotency (created_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE idempotency');
  }
}
