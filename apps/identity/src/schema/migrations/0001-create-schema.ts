import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Secrets of tokens are kept as SHA-256, passwords as argon2id: nothing in here logs anybody in. */
export class CreateIdentity1780000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE account (
        aid text PRIMARY KEY,
        name text NOT NULL,
        company_name text NOT NULL DEFAULT '',
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`
      CREATE TABLE person (
        id uuid PRIMARY KEY,
        email text NOT NULL,
        password_hash text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query('CREATE UNIQUE INDEX person_email ON person (lower(email))');
    await runner.query(`
      CREATE TABLE membership (
        user_id uuid NOT NULL REFERENCES person (id) ON DELETE CASCADE,
        aid text NOT NULL REFERENCES account (aid) ON DELETE CASCADE,
        role text NOT NULL CHECK (role IN ('viewer', 'member', 'admin', 'owner')),
        is_default boolean NOT NULL DEFAULT false,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (user_id, aid)
      )`);
    await runner.query('CREATE INDEX membership_aid ON membership (aid)');
    await runner.query(`
      CREATE TABLE session (
        key_id text PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES person (id) ON DELETE CASCADE,
        secret_hash text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        revoked_at timestamptz,
        last_used_at timestamptz
      )`);
    await runner.query('CREATE INDEX session_user_id ON session (user_id)');
    await runner.query('CREATE INDEX session_expires_at ON session (expires_at)');
    await runner.query(`
      CREATE TABLE api_key (
        key_id text PRIMARY KEY,
        aid text NOT NULL REFERENCES account (aid) ON DELETE CASCADE,
        user_id uuid NOT NULL REFERENCES person (id) ON DELETE CASCADE,
        name text NOT NULL,
        role text NOT NULL CHECK (role IN ('viewer', 'member', 'admin', 'owner')),
        secret_hash text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        revoked_at timestamptz,
        last_used_at timestamptz
      )`);
    await runner.query('CREATE INDEX api_key_aid ON api_key (aid, created_at)');
    await runner.query('CREATE INDEX api_key_user ON api_key (user_id)');
    await runner.query(`
      CREATE TABLE failed_log_in (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        email text NOT NULL,
        address text NOT NULL,
        at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query('CREATE INDEX failed_log_in_who ON failed_log_in (email, address, at)');
    await runner.query('CREATE INDEX failed_log_in_at ON failed_log_in (at)');
    await runner.query(`
      CREATE TABLE audit_entry (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        aid text NOT NULL,
        at timestamptz NOT NULL DEFAULT now(),
        actor jsonb NOT NULL,
        action text NOT NULL,
        subject text NOT NULL,
        outcome text NOT NULL,
        detail jsonb NOT NULL
      )`);
    await runner.query('CREATE INDEX audit_entry_aid ON audit_entry (aid, id DESC)');
    await runner.query(`
      CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'audit entry % may not be changed', OLD.id;
      END $$`);
    await runner.query(`
      CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON audit_entry
      FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE audit_entry, failed_log_in, api_key, session, membership, person, account');
    await runner.query('DROP FUNCTION audit_is_append_only');
  }
}
