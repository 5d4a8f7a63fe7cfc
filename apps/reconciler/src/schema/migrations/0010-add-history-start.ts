import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The first revision that the agent can have stored: a decision about a divergence starts the history of an instance. */
export class AddHistoryStart1800000000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE instance ADD history_start int NOT NULL DEFAULT 1');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE instance DROP history_start');
  }
}
