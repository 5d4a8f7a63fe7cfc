import type { MigrationInterface, QueryRunner } from 'typeorm';

export class IdempotencyTable1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE idempotency (
        aid text NOT NULL,
        key text NOT NULL,
        request_hash text NOT NULL,
        answer text,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (aid, key)
      )`);
    await runner.query('CREATE INDEX idempotency_created_at ON idempotency (created_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE idempotency');
  }
}
