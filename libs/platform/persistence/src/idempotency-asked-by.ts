import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Unknown in what a version before this one wrote. */
export class IdempotencyAskedBy1790000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE idempotency ADD COLUMN asked_by text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE idempotency DROP COLUMN asked_by');
  }
}
