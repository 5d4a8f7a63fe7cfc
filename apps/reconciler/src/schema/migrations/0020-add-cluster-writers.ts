import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The field managers that may write fields of all instances of a cluster. */
export class AddClusterWriters1800000000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE cluster ADD allowed_writers jsonb NOT NULL DEFAULT '[]'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE cluster DROP allowed_writers');
  }
}
