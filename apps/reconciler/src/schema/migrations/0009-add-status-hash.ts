import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The hash of the last recorded status, as the agent has sent it: a resync finds statuses that a restore has lost. */
export class AddStatusHash1800000000009 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE instance ADD status_hash text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE instance DROP status_hash');
  }
}
