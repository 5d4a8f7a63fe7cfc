import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the agent of a node reports about Kubernetes on its machine. */
export class KeepNodeReports1800000000013 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE node ADD kubernetes_status text, ADD roles text[] NOT NULL DEFAULT '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE node DROP kubernetes_status, DROP roles');
  }
}
