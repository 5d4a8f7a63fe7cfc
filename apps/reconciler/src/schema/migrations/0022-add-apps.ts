import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A cancelled change may restore a link while the instance that it leads to is being deleted. */
const requirementUntil = (end: string): string => `
ALTER TABLE instance_requirement DROP CONSTRAINT fk_instance_requirement_required_id,
  ADD CONSTRAINT fk_instance_requirement_required_id FOREIGN KEY (required_id) REFERENCES instance ${end}`;

/** Instances can be apps. */
export class AddApps1800000000022 implements MigrationInterface {
  readonly contraction = 'The new check and the new reference allow every row that the old ones allowed.';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE instance DROP CONSTRAINT ck_instance_kind,
      ADD CONSTRAINT ck_instance_kind CHECK (kind IN ('service', 'app')),
      ADD COLUMN source jsonb NOT NULL DEFAULT '{}'`);
    await runner.query(requirementUntil('ON DELETE CASCADE'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE instance DROP CONSTRAINT ck_instance_kind,
      ADD CONSTRAINT ck_instance_kind CHECK (kind IN ('service')), DROP COLUMN source`);
    await runner.query(requirementUntil(''));
  }
}
