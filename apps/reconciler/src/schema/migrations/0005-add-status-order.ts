import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The session and the number of the last recorded status of an instance: a status that is not newer is ignored. */
export class AddStatusOrder1800000000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE instance ADD status_session_no bigint NOT NULL DEFAULT 0,
      ADD status_sequence bigint NOT NULL DEFAULT 0`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE instance DROP status_session_no, DROP status_sequence');
  }
}
