import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The parents of existing tokens are in the audit log, which names the creator of each. */
export class DeriveParentsOfApiKeys1800000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      UPDATE api_key k SET parent_key_id = p.key_id
        FROM audit_entry a JOIN api_key p ON p.key_id = a.actor ->> 'id' AND p.aid = a.aid
       WHERE a.action = 'apikey.create' AND a.actor ->> 'kind' = 'pat'
         AND a.subject = k.key_id AND a.aid = k.aid AND k.parent_key_id IS NULL`);
  }

  async down(): Promise<void> {
    // The column is dropped by the migration that added it.
  }
}
