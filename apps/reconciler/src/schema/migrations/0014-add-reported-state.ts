import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The state in the last event about the state of an instance; null: there was none. */
export class AddReportedState1800000000014 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE instance ADD reported_state text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE instance DROP reported_state');
  }
}
