import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';

/** A certificate authority, with its encrypted private key. */
interface AuthorityRow {
  readonly name: string;
  readonly certificate: string;
  readonly sealed_key: string;
}

/** The certificate authorities by name. */
export class AuthorityRepository {
  async find(sql: EntityManager, name: string): Promise<AuthorityRow | undefined> {
    const [row] = await runSql<AuthorityRow>(
      sql,
      'SELECT name, certificate, sealed_key FROM authority WHERE name = $1',
      [name],
    );
    return row;
  }

  /** Adds an authority unless one of this name exists. */
  async add(sql: EntityManager, { name, certificate, sealed_key }: AuthorityRow): Promise<void> {
    await runSql(
      sql,
      'INSERT INTO authority (name, certificate, sealed_key) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING',
      [name, certificate, sealed_key],
    );
  }
}
