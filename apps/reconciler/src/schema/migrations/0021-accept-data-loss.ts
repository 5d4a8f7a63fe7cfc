import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whether the user accepts that the agent ends pods for a revision whose data is lost with them. */
export class AcceptDataLoss1800000000021 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE revision ADD accepts_data_loss boolean NOT NULL DEFAULT false');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE revision DROP accepts_data_loss');
  }
}
