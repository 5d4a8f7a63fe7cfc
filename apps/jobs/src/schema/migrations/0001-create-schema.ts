import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Ids are UUIDv7: their order is the order of creation, so every list pages by id alone.
 * `complete_seq`: all updates up to this sequence number were received. `refresh_at`: when the job is read from the
 * reconciler unless an update arrives; null once it has ended and is complete. `position`: the order in which log lines
 * became readable, which followers' cursors use; the reconciler's own ids may arrive in another order.
 */
export class CreateSchema1800000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE job (
        id uuid CONSTRAINT pk_job PRIMARY KEY,
        aid text NOT NULL,
        cid text,
        osid text,
        type text NOT NULL,
        status text NOT NULL,
        seq bigint NOT NULL,
        job jsonb NOT NULL,
        work_items jsonb NOT NULL,
        complete_seq bigint NOT NULL DEFAULT 0,
        updated_at timestamptz NOT NULL DEFAULT now(),
        refresh_at timestamptz DEFAULT now()
      )`);
    await runner.query('CREATE INDEX ix_job_aid_id ON job (aid, id DESC)');
    await runner.query('CREATE INDEX ix_job_aid_status_id ON job (aid, status, id DESC)');
    await runner.query('CREATE INDEX ix_job_aid_cid_id ON job (aid, cid, id DESC)');
    await runner.query('CREATE INDEX ix_job_aid_osid_id ON job (aid, osid, id DESC)');
    await runner.query('CREATE INDEX ix_job_refresh_at ON job (refresh_at) WHERE refresh_at IS NOT NULL');
    await runner.query(`
      CREATE TABLE job_log (
        job_id uuid NOT NULL CONSTRAINT fk_job_log_job_id REFERENCES job (id) ON DELETE CASCADE,
        work_item_id uuid NOT NULL,
        id text COLLATE "C" NOT NULL,
        line jsonb NOT NULL,
        position bigint GENERATED ALWAYS AS IDENTITY,
        CONSTRAINT pk_job_log PRIMARY KEY (job_id, work_item_id, id),
        CONSTRAINT uq_job_log_job_id_work_item_id_position UNIQUE (job_id, work_item_id, position)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE job_log, job');
  }
}
