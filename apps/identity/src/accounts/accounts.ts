import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Membership, reservedWords } from '@runos/api';
import { systemRandom } from '@runos/kernel';
import { Aid } from '@runos/osid';
import { Database, databaseNow, runSql } from '@runos/persistence';
import { generatePassword, hashPassword, mintToken } from '@runos/security';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { ApiKeyRepository } from '../api-keys/api-key-repository.js';
import { checkExpiry } from '../api-keys/api-keys.js';

export interface NewAccount {
  readonly aid: string;
  readonly email: string;
  /** null for an existing user, who keeps their password. */
  readonly password: string | null;
  readonly token: string;
}

/** Maximum length of an account name, characters. */
const maxNameLength = 63;

/** Accounts and their memberships. */
@Injectable()
export class Accounts {
  constructor(
    private readonly database: Database,
    private readonly apiKeys: ApiKeyRepository,
  ) {}

  /** Creates an account, its owner (unless the user exists) and a first token. */
  async create(email: string, name = email.slice(0, maxNameLength)): Promise<NewAccount> {
    const password = generatePassword();
    const passwordHash = await hashPassword(password);
    return this.database.transaction(async (manager) => {
      const [created] = await runSql<{ id: string }>(
        manager,
        `INSERT INTO person (id, email, password_hash) VALUES ($1, $2, $3)
         ON CONFLICT (lower(email)) DO NOTHING RETURNING id`,
        [randomUUID(), email, passwordHash],
      );
      const userId = created?.id ?? (await this.#existingUser(manager, email));
      const aid = await this.#mint(manager, name);
      await runSql(
        manager,
        `INSERT INTO membership (user_id, aid, role, is_default)
         VALUES ($1, $2, 'owner', NOT EXISTS (SELECT 1 FROM membership WHERE user_id = $1))`,
        [userId, aid],
      );
      const { keyId, secretHash, value } = mintToken('pat');
      const expiresAt = checkExpiry(undefined, await databaseNow(manager));
      await this.apiKeys.add(manager, {
        keyId,
        aid,
        userId,
        parentKeyId: null,
        name: 'first token',
        role: 'owner',
        secretHash,
        expiresAt,
      });
      return { aid, email, password: created ? password : null, token: value };
    });
  }

  /** The accounts among `aids` that the user is a member of. */
  memberships(userId: string, aids: readonly string[]): Promise<z.output<typeof Membership>[]> {
    return this.database.query(
      `SELECT a.aid, a.name, a.company_name AS "companyName", m.role AS "accountRole", m.is_default AS "isDefault"
         FROM membership m JOIN account a USING (aid)
        WHERE m.user_id = $1 AND m.aid = ANY($2) ORDER BY m.is_default DESC, m.created_at`,
      [userId, aids],
    );
  }

  async #existingUser(manager: EntityManager, email: string): Promise<string> {
    const [row] = await runSql<{ id: string }>(manager, 'SELECT id FROM person WHERE lower(email) = lower($1)', [
      email,
    ]);
    if (!row) throw new Error(`the user with the address ${email} was deleted concurrently`);
    return row.id;
  }

  async #mint(manager: EntityManager, name: string): Promise<string> {
    for (;;) {
      const aid = Aid.mint(systemRandom, reservedWords);
      const inserted = await runSql(
        manager,
        'INSERT INTO account (aid, name) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING aid',
        [aid, name],
      );
      if (inserted.length > 0) return aid;
    }
  }
}
