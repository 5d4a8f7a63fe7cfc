import { createIndexConcurrently } from '@runos/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A revocation looks up the descendants of a token. */
export class IndexApiKeysByParent1800000000004 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await createIndexConcurrently(runner, 'ix_api_key_parent_key_id', 'ON api_key (parent_key_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX ix_api_key_parent_key_id');
  }
}
