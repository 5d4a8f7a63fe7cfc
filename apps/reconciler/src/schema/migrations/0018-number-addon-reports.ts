import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The number of an add-on report within its session; 0: its agent gateway did not number it. */
export class NumberAddonReports1800000000018 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE addon_report ADD sequence bigint NOT NULL DEFAULT 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE addon_report DROP sequence');
  }
}
