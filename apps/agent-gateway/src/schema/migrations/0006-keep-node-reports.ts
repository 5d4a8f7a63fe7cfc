import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What node agents report about Kubernetes on their machines. */
export class KeepNodeReports1800000000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE agent ADD COLUMN kubernetes_status text, ADD COLUMN roles text[]');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE agent DROP COLUMN kubernetes_status, DROP COLUMN roles');
  }
}
