import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The last revision that was ready completely, the ready pods of earlier revisions, and jobs that go back by themselves. */
export class AddAutoRollback1800000000025 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE instance ADD ready_revision integer, ADD outdated_replicas integer');
    await runner.query('ALTER TABLE job_ref ADD rolls_back uuid');
    await runner.query(`UPDATE instance i SET ready_revision = CASE
        WHEN i.state = 'healthy' AND i.observed_generation >= r.generation THEN i.revision
        ELSE (SELECT max(e.revision) FROM revision e JOIN job_ref j ON j.job_id = e.job_id
          WHERE e.instance_id = i.id AND e.kind = 'apply' AND j.outcome = 'completed') END
      FROM revision r WHERE r.instance_id = i.id AND r.revision = i.revision`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE job_ref DROP rolls_back');
    await runner.query('ALTER TABLE instance DROP ready_revision, DROP outdated_replicas');
  }
}
