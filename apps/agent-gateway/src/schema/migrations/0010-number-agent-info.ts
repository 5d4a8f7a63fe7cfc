import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The number of the written info within the session of its agent. */
export class NumberAgentInfo1800000000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE agent ADD COLUMN info_no integer NOT NULL DEFAULT 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE agent DROP COLUMN info_no');
  }
}
