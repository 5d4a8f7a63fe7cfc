import type { ContractingMigration } from '@runos/persistence';
import type { QueryRunner } from 'typeorm';

/**
 * `complete_to`: all news of a job up to this one has been heard. `check_at`: when to ask its owner if nothing is heard;
 * null once it has ended and all of it is here. `position`: the order in which lines became readable, which is what
 * a follower's cursor goes by; the owner's own ids may arrive in another order.
 */
export class NoticeWhatIsMissing1780000000002 implements ContractingMigration {
  readonly contraction = 'The version before it never left this repository: nothing serves beside it.';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE job
        ADD complete_to bigint NOT NULL DEFAULT 0,
        ADD heard_at timestamptz NOT NULL DEFAULT now(),
        ADD check_at timestamptz DEFAULT now()`);
    await runner.query('CREATE INDEX job_check_at ON job (check_at) WHERE check_at IS NOT NULL');
    await runner.query('ALTER TABLE job_log ADD position bigint GENERATED ALWAYS AS IDENTITY');
    await runner.query('CREATE UNIQUE INDEX job_log_position ON job_log (job_id, work_item_id, position)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE job_log DROP position');
    await runner.query('ALTER TABLE job DROP complete_to, DROP heard_at, DROP check_at');
  }
}
