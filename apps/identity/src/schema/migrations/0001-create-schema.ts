import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Token secrets are stored as SHA-256 and passwords as argon2id, so the tables contain no usable credential. */
export class CreateSchema1800000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE account (
        aid text CONSTRAINT pk_account PRIMARY KEY,
        name text NOT NULL,
        company_name text NOT NULL DEFAULT '',
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`
      CREATE TABLE person (
        id uuid CONSTRAINT pk_person PRIMARY KEY,
        email text NOT NULL,
        password_hash text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query('CREATE UNIQUE INDEX uq_person_email ON person (lower(email))');
    await runner.query(`
      CREATE TABLE membership (
        user_id uuid NOT NULL CONSTRAINT fk_membership_user_id REFERENCES person (id) ON DELETE CASCADE,
        aid text NOT NULL CONSTRAINT fk_membership_aid REFERENCES account (aid) ON DELETE CASCADE,
        role text NOT NULL CONSTRAINT ck_membership_role CHECK (role IN ('viewer', 'member', 'admin', 'owner')),
        is_default boolean NOT NULL DEFAULT false,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_membership PRIMARY KEY (user_id, aid)
      )`);
    await runner.query('CREATE INDEX ix_membership_aid ON membership (aid)');
    await runner.query(`
      CREATE TABLE session (
        key_id text CONSTRAINT pk_session PRIMARY KEY,
        user_id uuid NOT NULL CONSTRAINT fk_session_user_id REFERENCES person (id) ON DELETE CASCADE,
        secret_hash text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        revoked_at timestamptz,
        last_used_at timestamptz
      )`);
    await runner.query('CREATE INDEX ix_session_user_id ON session (user_id)');
    await runner.query('CREATE INDEX ix_session_expires_at ON session (expires_at)');
    await runner.query(`
      CREATE TABLE api_key (
        key_id text CONSTRAINT pk_api_key PRIMARY KEY,
        aid text NOT NULL CONSTRAINT fk_api_key_aid REFERENCES account (aid) ON DELETE CASCADE,
        user_id uuid NOT NULL CONSTRAINT fk_api_key_user_id REFERENCES person (id) ON DELETE CASCADE,
        name text NOT NULL,
        role text NOT NULL CONSTRAINT ck_api_key_role CHECK (role IN ('viewer', 'member', 'admin', 'owner')),
        secret_hash text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        revoked_at timestamptz,
        last_used_at timestamptz
      )`);
    await runner.query('CREATE INDEX ix_api_key_aid_created_at ON api_key (aid, created_at)');
    await runner.query('CREATE INDEX ix_api_key_user_id ON api_key (user_id)');
    await runner.query(`
      CREATE TABLE failed_log_in (
        id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_failed_log_in PRIMARY KEY,
        email text NOT NULL,
        address text NOT NULL,
        failed_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(
      'CREATE INDEX ix_failed_log_in_email_address_failed_at ON failed_log_in (email, address, failed_at)',
    );
    await runner.query('CREATE INDEX ix_failed_log_in_failed_at ON failed_log_in (failed_at)');
    await runner.query(`
      CREATE TABLE audit_entry (
        id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_audit_entry PRIMARY KEY,
        aid text NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        actor jsonb NOT NULL,
        action text NOT NULL,
        subject text NOT NULL,
        outcome text NOT NULL,
        detail jsonb NOT NULL
      )`);
    await runner.query('CREATE INDEX ix_audit_entry_aid_id ON audit_entry (aid, id DESC)');
    await runner.query(`
      CREATE FUNCTION reject_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'audit entry % may not be changed', OLD.id;
      END $$`);
    await runner.query(`
      CREATE TRIGGER reject_audit_change BEFORE UPDATE OR DELETE ON audit_entry
      FOR EACH ROW EXECUTE FUNCTION reject_audit_change()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE audit_entry, failed_log_in, api_key, session, membership, person, account');
    await runner.query('DROP FUNCTION reject_audit_change');
  }
}
