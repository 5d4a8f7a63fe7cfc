import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The token that created a token; null when a session did. It is no foreign key: both rows have the same account and
 * user, and are only deleted with them. Adding the constraint would block writers.
 */
export class AddParentOfApiKeys1800000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE api_key ADD COLUMN parent_key_id text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE api_key DROP COLUMN parent_key_id');
  }
}
