import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the cluster agent stores of an instance if no revision of the plane explains it: `revision`, `generation` (null if
 * unknown) and `digest`. It is null for every other instance.
 */
export class AddDivergence1800000000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE instance ADD diverged jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE instance DROP diverged');
  }
}
