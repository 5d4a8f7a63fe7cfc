import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The notification carries who wrote: that replica needs no telling. */
export class OutboxTable1700000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE outbox (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id uuid NOT NULL,
        subject text NOT NULL,
        body jsonb NOT NULL,
        headers jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`
      CREATE FUNCTION outbox_written() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_notify(TG_TABLE_SCHEMA || '_outbox', current_setting('application_name'));
        RETURN NULL;
      END $$`);
    await runner.query(`
      CREATE TRIGGER outbox_written AFTER INSERT ON outbox
      FOR EACH STATEMENT EXECUTE FUNCTION outbox_written()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE outbox');
    await runner.query('DROP FUNCTION outbox_written');
  }
}
