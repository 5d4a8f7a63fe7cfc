import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The completed deletions of a cluster, with the revision and the generation of their tombstones. */
const deletedInstance = `
CREATE TABLE deleted_instance (
  cluster_id bigint NOT NULL CONSTRAINT fk_deleted_instance_cluster_id REFERENCES cluster ON DELETE CASCADE,
  osid text NOT NULL,
  aid text NOT NULL,
  revision int NOT NULL,
  generation int NOT NULL,
  deleted_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_deleted_instance PRIMARY KEY (cluster_id, osid)
)`;

/** The deletions of earlier builds, as far as their jobs are kept. */
const earlierDeletions = `
INSERT INTO deleted_instance (cluster_id, osid, aid, revision, generation, deleted_at)
SELECT j.cluster_id, j.osid, j.aid, max(j.revision), max(j.generation), max(j.completed_at)
FROM job_ref j JOIN cluster c ON c.id = j.cluster_id
WHERE j.kind = 'delete' AND j.outcome = 'completed' AND j.osid IS NOT NULL AND j.revision > 0
  AND NOT EXISTS (SELECT 1 FROM instance i WHERE i.cluster_id = j.cluster_id AND i.osid = j.osid)
GROUP BY j.cluster_id, j.osid, j.aid`;

export class AddDeletedInstances1800000000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [deletedInstance, earlierDeletions]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE deleted_instance');
  }
}
