import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { LoggedIn, Role } from '@runos/api';
import { invalidToken } from '@runos/kernel';
import { InjectConfig } from '@runos/messaging';
import { Database, runSql } from '@runos/persistence';
import { mintToken, passwordMatches } from '@runos/security';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { IdentityConfig } from '../config.js';
import { AccessChanges } from '../tokens/access-changes.js';
import { type TokenState, validForMs } from '../tokens/token-state.js';
import { FailedLogIns } from './failed-log-ins.js';

interface PersonRow {
  readonly id: string;
  readonly password_hash: string;
}

/** Log-in, log-out and web session tokens. */
@Injectable()
export class Sessions implements OnApplicationBootstrap {
  constructor(
    private readonly database: Database,
    private readonly failures: FailedLogIns,
    private readonly accessChanges: AccessChanges,
    @InjectConfig() private readonly config: IdentityConfig,
  ) {}

  /** Prepares the hash that unknown e-mail addresses are compared with, so that the first log-in does not wait for it. */
  async onApplicationBootstrap(): Promise<void> {
    await passwordMatches('', undefined);
  }

  /**
   * An unknown e-mail address takes as long as a wrong password.
   * @throws Fault `auth.invalid`; `limit.exceeded` after too many failures for this user from this network address
   */
  async logIn(email: string, password: string, address: string): Promise<z.output<typeof LoggedIn>> {
    await this.failures.check(email, address);
    const [person] = await this.database.query<PersonRow>(
      'SELECT id, password_hash FROM person WHERE lower(email) = lower($1)',
      [email],
    );
    const matches = await passwordMatches(password, person?.password_hash);
    await this.failures.record(email, address, matches);
    if (!person || !matches) {
      throw invalidToken({ message: 'Wrong e-mail address or password.' });
    }
    const { token, expiresAt } = await this.#open(person.id);
    return { token, expiresAt, accounts: await this.#accounts(person.id) };
  }

  /** Revokes a session; false when it was revoked before. */
  async logOut(keyId: string): Promise<boolean> {
    const revoked = await this.database.query(
      'UPDATE session SET revoked_at = now() WHERE key_id = $1 AND revoked_at IS NULL RETURNING 1',
      [keyId],
    );
    await this.accessChanges.publish({ keyIds: [keyId] });
    return revoked.length > 0;
  }

  /** A session of the user, whose log-out waits until the transaction ends; undefined when there is none. */
  async lock(manager: EntityManager, userId: string, keyId: string): Promise<TokenState | undefined> {
    const [state] = await runSql<TokenState>(
      manager,
      `SELECT s.expires_at, s.revoked_at, ${validForMs('s')} AS valid_for_ms
         FROM session s WHERE s.key_id = $1 AND s.user_id = $2 FOR SHARE`,
      [keyId, userId],
    );
    return state;
  }

  async #open(userId: string): Promise<{ token: string; expiresAt: string }> {
    const { keyId, secretHash, value } = mintToken('ses');
    const [row] = await this.database.query<{ expires_at: Date }>(
      `INSERT INTO session (key_id, user_id, secret_hash, expires_at)
       VALUES ($1, $2, $3, now() + make_interval(secs => $4)) RETURNING expires_at`,
      [keyId, userId, secretHash, this.config.sessionSeconds],
    );
    if (!row) throw invalidToken();
    return { token: value, expiresAt: row.expires_at.toISOString() };
  }

  #accounts(userId: string): Promise<{ aid: string; name: string; role: Role }[]> {
    return this.database.query(
      `SELECT a.aid, a.name, m.role FROM membership m JOIN account a USING (aid)
        WHERE m.user_id = $1 ORDER BY m.is_default DESC, m.created_at`,
      [userId],
    );
  }
}
