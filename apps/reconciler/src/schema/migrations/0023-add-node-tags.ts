import type { MigrationInterface, QueryRunner } from 'typeorm';

/** `tags`: null until the first change, so that the labels of other nodes are left alone. */
const columns = 'ALTER TABLE node ADD COLUMN tags text[], ADD COLUMN tags_problem text';

/** The clusters with tags. Without `next_attempt_at`, their agents have applied them. */
const delivery = `
CREATE TABLE node_tag_delivery (
  cluster_id bigint NOT NULL CONSTRAINT pk_node_tag_delivery PRIMARY KEY
    CONSTRAINT fk_node_tag_delivery_cluster_id REFERENCES cluster ON DELETE CASCADE,
  changes int NOT NULL DEFAULT 1,
  failures int NOT NULL DEFAULT 0,
  next_attempt_at timestamptz
);
CREATE INDEX ix_node_tag_delivery_next_attempt_at ON node_tag_delivery (next_attempt_at) WHERE next_attempt_at IS NOT NULL`;

export class AddNodeTags1800000000023 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(columns);
    await runner.query(delivery);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE node_tag_delivery');
    await runner.query('ALTER TABLE node DROP COLUMN tags, DROP COLUMN tags_problem');
  }
}
