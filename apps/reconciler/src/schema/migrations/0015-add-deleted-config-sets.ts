import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Config sets that no instance may use any more, because their deletion was accepted. */
const deletedConfigSet = `
CREATE TABLE deleted_config_set (
  aid text NOT NULL,
  set_id text NOT NULL,
  deleted_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_deleted_config_set PRIMARY KEY (aid, set_id)
)`;

export class AddDeletedConfigSets1800000000015 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(deletedConfigSet);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE deleted_config_set');
  }
}
