import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Membership, reservedWords, type Role } from '@runos/api';
import { systemRandom } from '@runos/kernel';
import { Aid } from '@runos/osid';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';

/** What a log-in compares. */
interface PersonRow {
  readonly id: string;
  readonly password_hash: string;
}

/** Accounts, users and memberships. */
@Injectable()
export class AccountRepository {
  /** Adds a user and returns their id; undefined when the e-mail address is taken, in any case of its letters. */
  async addUser(manager: EntityManager, email: string, passwordHash: string): Promise<string | undefined> {
    const [created] = await runSql<{ id: string }>(
      manager,
      `INSERT INTO person (id, email, password_hash) VALUES ($1, $2, $3)
       ON CONFLICT (lower(email)) DO NOTHING RETURNING id`,
      [randomUUID(), email, passwordHash],
    );
    return created?.id;
  }

  async findUser(manager: EntityManager, email: string): Promise<PersonRow | undefined> {
    const [person] = await runSql<PersonRow>(
      manager,
      'SELECT id, password_hash FROM person WHERE lower(email) = lower($1)',
      [email],
    );
    return person;
  }

  /** Adds an account with an id that no other one has, and returns the id. */
  async add(manager: EntityManager, name: string): Promise<string> {
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

  /** Makes a user the owner of an account. The first account of a user is their default. */
  async addOwner(manager: EntityManager, aid: string, userId: string): Promise<void> {
    await runSql(
      manager,
      `INSERT INTO membership (user_id, aid, role, is_default)
       VALUES ($1, $2, 'owner', NOT EXISTS (SELECT 1 FROM membership WHERE user_id = $1))`,
      [userId, aid],
    );
  }

  /** The accounts among `aids` that the user is a member of. */
  listMemberships(
    manager: EntityManager,
    userId: string,
    aids: readonly string[],
  ): Promise<z.output<typeof Membership>[]> {
    return runSql(
      manager,
      `SELECT a.aid, a.name, a.company_name AS "companyName", m.role AS "accountRole", m.is_default AS "isDefault"
         FROM membership m JOIN account a USING (aid)
        WHERE m.user_id = $1 AND m.aid = ANY($2) ORDER BY m.is_default DESC, m.created_at`,
      [userId, aids],
    );
  }

  /** Every account of a user, the default one first. */
  listOfUser(manager: EntityManager, userId: string): Promise<{ aid: string; name: string; role: Role }[]> {
    return runSql(
      manager,
      `SELECT a.aid, a.name, m.role FROM membership m JOIN account a USING (aid)
        WHERE m.user_id = $1 ORDER BY m.is_default DESC, m.created_at`,
      [userId],
    );
  }
}
