import type { MigrationInterface, QueryRunner } from 'typeorm';

/** `caller` is null for keys of gateways that do not send it. */
export class CreateIdempotency1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE idempotency (
        aid text NOT NULL,
        key text NOT NULL,
        request_hash text NOT NULL,
        caller text,
        response text,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_idempotency PRIMARY KEY (aid, key)
      )`);
    await runner.query('CREATE INDEX ix_idempotency_created_at ON idempotency (created_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE idempotency');
  }
}
