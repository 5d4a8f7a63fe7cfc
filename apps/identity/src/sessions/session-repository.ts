import { Injectable } from '@nestjs/common';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { validForMs } from '../tokens/token-repository.js';
import type { TokenStateRow } from '../tokens/token-state.js';

interface NewSession {
  readonly keyId: string;
  readonly userId: string;
  readonly secretHash: string;
  readonly lifetimeSeconds: number;
}

/** Web session tokens; their secrets are stored as hashes. */
@Injectable()
export class SessionRepository {
  /** Returns when the session expires. */
  async add(manager: EntityManager, { keyId, userId, secretHash, lifetimeSeconds }: NewSession): Promise<Date> {
    const [row] = await runSql<{ expires_at: Date }>(
      manager,
      `INSERT INTO session (key_id, user_id, secret_hash, expires_at)
       VALUES ($1, $2, $3, now() + make_interval(secs => $4)) RETURNING expires_at`,
      [keyId, userId, secretHash, lifetimeSeconds],
    );
    if (row === undefined) throw new Error(`session ${keyId} was not inserted`);
    return row.expires_at;
  }

  /** Revokes a session. `isNew` is false when it was revoked before. Undefined when no session has this key. */
  async revoke(manager: EntityManager, keyId: string): Promise<{ readonly isNew: boolean } | undefined> {
    const [revoked] = await runSql<{ isNew: boolean }>(
      manager,
      `UPDATE session SET revoked_at = coalesce(revoked_at, now()) WHERE key_id = $1
       RETURNING revoked_at = now() AS "isNew"`,
      [keyId],
    );
    return revoked;
  }

  /** A session of the user, whose log-out waits until the transaction ends; undefined when there is none. */
  async lock(manager: EntityManager, userId: string, keyId: string): Promise<TokenStateRow | undefined> {
    const [state] = await runSql<TokenStateRow>(
      manager,
      `SELECT s.expires_at, s.revoked_at, ${validForMs('s')} AS valid_for_ms
         FROM session s WHERE s.key_id = $1 AND s.user_id = $2 FOR SHARE`,
      [keyId, userId],
    );
    return state;
  }
}
