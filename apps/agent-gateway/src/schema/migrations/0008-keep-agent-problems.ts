import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What keeps a cluster agent from its work, as its heartbeats report it. */
export class KeepAgentProblems1800000000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE agent ADD COLUMN problems jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE agent DROP COLUMN problems');
  }
}
