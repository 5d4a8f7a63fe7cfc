import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Instances can be apps. */
export class AddApps1800000000022 implements MigrationInterface {
  readonly contraction = 'The new check allows every row that the old one allowed.';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE instance DROP CONSTRAINT ck_instance_kind,
      ADD CONSTRAINT ck_instance_kind CHECK (kind IN ('service', 'app')),
      ADD COLUMN source jsonb NOT NULL DEFAULT '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE instance DROP CONSTRAINT ck_instance_kind,
      ADD CONSTRAINT ck_instance_kind CHECK (kind IN ('service')), DROP COLUMN source`);
  }
}
