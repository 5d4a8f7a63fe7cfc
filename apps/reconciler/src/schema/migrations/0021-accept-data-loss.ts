import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Whether the user accepts that a revision ends pods whose data is lost with them. And the replicas that an instance
 * desires in its cluster: a scaler may have written others than its spec has.
 */
export class AcceptDataLoss1800000000021 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE revision ADD accepts_data_loss boolean NOT NULL DEFAULT false');
    await runner.query('ALTER TABLE instance ADD desired_replicas integer');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE instance DROP desired_replicas');
    await runner.query('ALTER TABLE revision DROP accepts_data_loss');
  }
}
