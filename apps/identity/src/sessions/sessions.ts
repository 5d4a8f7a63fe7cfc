import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { LoggedIn } from '@runos/api';
import { invalidToken } from '@runos/kernel';
import { InjectConfig } from '@runos/messaging';
import { Database } from '@runos/persistence';
import { mintToken, passwordMatches } from '@runos/security';
import type { z } from 'zod';
import { AccountRepository } from '../accounts/account-repository.js';
import type { IdentityConfig } from '../config.js';
import { AccessChanges } from '../tokens/access-changes.js';
import { FailedLogIns } from './failed-log-ins.js';
import { SessionRepository } from './session-repository.js';

/** Log-in and log-out. */
@Injectable()
export class Sessions implements OnApplicationBootstrap {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountRepository,
    private readonly sessions: SessionRepository,
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
    const { manager } = this.database;
    const person = await this.accounts.findUser(manager, email);
    const matches = await passwordMatches(password, person?.password_hash);
    await this.failures.record(email, address, matches);
    if (!person || !matches) {
      throw invalidToken({ message: 'Wrong e-mail address or password.' });
    }
    const { keyId, secretHash, value } = mintToken('ses');
    const session = { keyId, userId: person.id, secretHash, lifetimeSeconds: this.config.sessionSeconds };
    const expiresAt = await this.sessions.add(manager, session);
    const accounts = await this.accounts.listOfUser(manager, person.id);
    return { token: value, expiresAt: expiresAt.toISOString(), accounts };
  }

  /** Revokes a session; false when it was revoked before, or when the key is that of a personal access token. */
  async logOut(keyId: string): Promise<boolean> {
    const revoked = await this.sessions.revoke(this.database.manager, keyId);
    if (revoked === undefined) return false;
    // Also when it was revoked before: that request may have ended before it published.
    await this.accessChanges.publish({ keyIds: [keyId] });
    return revoked.isNew;
  }
}
