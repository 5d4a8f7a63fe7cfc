import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The add-ons that RunOS installs or removes, one row per cluster and add-on. `applied_version` is the one that the agent
 * has applied last; `ready` follows its reports. Without `next_attempt_at` there is nothing to do.
 */
const clusterAddon = `
CREATE TABLE cluster_addon (
  cluster_id bigint NOT NULL CONSTRAINT fk_cluster_addon_cluster_id REFERENCES cluster ON DELETE CASCADE,
  name text NOT NULL,
  aid text NOT NULL,
  desired text NOT NULL CONSTRAINT ck_cluster_addon_desired CHECK (desired IN ('installed', 'removed')),
  version text NOT NULL,
  applied_version text,
  ready boolean NOT NULL DEFAULT false,
  job_id uuid,
  problem text,
  next_attempt_at timestamptz,
  failures int NOT NULL DEFAULT 0,
  CONSTRAINT pk_cluster_addon PRIMARY KEY (cluster_id, name)
);
CREATE INDEX ix_cluster_addon_next_attempt_at ON cluster_addon (next_attempt_at) WHERE next_attempt_at IS NOT NULL`;

export class AddClusterAddons1800000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(clusterAddon);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE cluster_addon');
  }
}
