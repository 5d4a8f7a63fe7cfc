import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Instances can be apps. */
export class AddApps1800000000022 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE instance DROP CONSTRAINT ck_instance_kind,
      ADD CONSTRAINT ck_instance_kind CHECK (kind IN ('service', 'app'))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE instance DROP CONSTRAINT ck_instance_kind,
      ADD CONSTRAINT ck_instance_kind CHECK (kind IN ('service'))`);
  }
}
