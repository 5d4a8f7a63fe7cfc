import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Versions are never changed: what an instance has pinned stays what it was. */
export class CreateConfigSets1780000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE config_set (
        set_id uuid PRIMARY KEY,
        aid text NOT NULL,
        name text NOT NULL,
        type text NOT NULL,
        latest int NOT NULL CHECK (latest > 0),
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query('CREATE INDEX config_set_aid ON config_set (aid, created_at)');
    await runner.query(`
      CREATE TABLE config_set_version (
        set_id uuid NOT NULL REFERENCES config_set (set_id) ON DELETE CASCADE,
        version int NOT NULL CHECK (version > 0),
        "values" jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (set_id, version)
      )`);
    await runner.query(`
      CREATE FUNCTION versions_never_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'version % of config set % is immutable', OLD.version, OLD.set_id;
      END $$`);
    await runner.query(`
      CREATE TRIGGER versions_never_change BEFORE UPDATE ON config_set_version
      FOR EACH ROW EXECUTE FUNCTION versions_never_change()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE config_set_version, config_set');
    await runner.query('DROP FUNCTION versions_never_change');
  }
}
