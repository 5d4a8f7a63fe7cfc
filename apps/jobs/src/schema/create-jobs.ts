import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Ids are UUIDv7: their order is the order of creation, so that every list pages by id alone. */
export class CreateJobs1780000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE job (
        id uuid PRIMARY KEY,
        aid text NOT NULL,
        cid text,
        osid text,
        type text NOT NULL,
        status text NOT NULL,
        seq bigint NOT NULL,
        job jsonb NOT NULL,
        work_items jsonb NOT NULL
      )`);
    await runner.query('CREATE INDEX job_aid ON job (aid, id DESC)');
    await runner.query('CREATE INDEX job_aid_status ON job (aid, status, id DESC)');
    await runner.query('CREATE INDEX job_aid_cid ON job (aid, cid, id DESC)');
    await runner.query('CREATE INDEX job_aid_osid ON job (aid, osid, id DESC)');
    await runner.query(`
      CREATE TABLE job_log (
        job_id uuid NOT NULL REFERENCES job (id) ON DELETE CASCADE,
        work_item_id uuid NOT NULL,
        id text COLLATE "C" NOT NULL,
        line jsonb NOT NULL,
        PRIMARY KEY (job_id, work_item_id, id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE job_log, job');
  }
}
