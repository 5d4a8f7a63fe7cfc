import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Upgrades of all instances of a type, and their instances in the order in which they start. The plan is from the
 * acceptance: an instance without `to_version` was blocked then. Instances are named and not referenced, because they
 * may be deleted before the wave.
 */
const upgradeWave = `
CREATE TABLE upgrade_wave (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_upgrade_wave PRIMARY KEY,
  upgrade_id uuid NOT NULL CONSTRAINT uq_upgrade_wave_upgrade_id UNIQUE,
  aid text NOT NULL,
  type text NOT NULL,
  version text,
  renderer_version int NOT NULL,
  max_unavailable int NOT NULL,
  up_to_date int NOT NULL,
  state text NOT NULL DEFAULT 'running'
    CONSTRAINT ck_upgrade_wave_state CHECK (state IN ('running', 'completed', 'failed', 'cancelled')),
  reason text,
  message text,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz
);
CREATE UNIQUE INDEX uq_upgrade_wave_aid_type ON upgrade_wave (aid, type) WHERE state = 'running';
CREATE INDEX ix_upgrade_wave_aid_id ON upgrade_wave (aid, id);
CREATE INDEX ix_upgrade_wave_completed_at ON upgrade_wave (completed_at) WHERE completed_at IS NOT NULL;
CREATE TABLE upgrade_wave_instance (
  wave_id bigint NOT NULL CONSTRAINT fk_upgrade_wave_instance_wave_id REFERENCES upgrade_wave ON DELETE CASCADE,
  position int NOT NULL,
  cid text NOT NULL,
  osid text NOT NULL,
  from_version text NOT NULL,
  from_renderer_version int NOT NULL,
  to_version text,
  state text NOT NULL
    CONSTRAINT ck_upgrade_wave_instance_state CHECK (state IN ('pending', 'running', 'completed', 'failed', 'skipped')),
  job_id uuid,
  reason text,
  message text,
  CONSTRAINT pk_upgrade_wave_instance PRIMARY KEY (wave_id, position)
);
CREATE INDEX ix_upgrade_wave_instance_wave_id_state_position ON upgrade_wave_instance (wave_id, state, position);
CREATE INDEX ix_upgrade_wave_instance_job_id ON upgrade_wave_instance (job_id) WHERE state = 'running'`;

export class AddUpgradeWaves1800000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(upgradeWave);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE upgrade_wave_instance, upgrade_wave');
  }
}
