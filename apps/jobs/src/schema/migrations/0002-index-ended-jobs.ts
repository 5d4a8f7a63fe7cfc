import { createIndexConcurrently } from '@runos/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The retention reads the jobs that are not refreshed any more, in the order of their last update. */
export class IndexEndedJobs1800000000002 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await createIndexConcurrently(runner, 'ix_job_updated_at_id', 'ON job (updated_at, id) WHERE refresh_at IS NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX ix_job_updated_at_id');
  }
}
