import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What keeps the agent of a cluster from its work; null: nothing that is known. */
export class KeepAgentProblems1800000000017 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE cluster ADD agent_problems jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE cluster DROP agent_problems');
  }
}
