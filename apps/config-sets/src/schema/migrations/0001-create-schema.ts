import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Versions are immutable: a version that an instance has pinned never changes. */
export class CreateSchema1800000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE config_set (
        set_id uuid CONSTRAINT pk_config_set PRIMARY KEY,
        aid text NOT NULL,
        name text NOT NULL,
        type text NOT NULL,
        latest_version int NOT NULL CONSTRAINT ck_config_set_latest_version CHECK (latest_version > 0),
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query('CREATE INDEX ix_config_set_aid_created_at ON config_set (aid, created_at)');
    await runner.query(`
      CREATE TABLE config_set_version (
        set_id uuid NOT NULL CONSTRAINT fk_config_set_version_set_id REFERENCES config_set (set_id) ON DELETE CASCADE,
        version int NOT NULL CONSTRAINT ck_config_set_version_version CHECK (version > 0),
        "values" jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_config_set_version PRIMARY KEY (set_id, version)
      )`);
    await runner.query(`
      CREATE FUNCTION reject_version_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'version % of config set % is immutable', OLD.version, OLD.set_id;
      END $$`);
    await runner.query(`
      CREATE TRIGGER reject_version_change BEFORE UPDATE ON config_set_version
      FOR EACH ROW EXECUTE FUNCTION reject_version_change()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE config_set_version, config_set');
    await runner.query('DROP FUNCTION reject_version_change');
  }
}
