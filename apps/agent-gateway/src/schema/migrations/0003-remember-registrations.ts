import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What a token was used for, so that the same agent gets the same answer again. `key_hash` and `certificate` are null for
 * an agent without a signing request, all four for a token that an older build has used.
 */
const registration = `
ALTER TABLE registration_token
  ADD COLUMN machine_id text,
  ADD COLUMN key_hash text,
  ADD COLUMN serial text,
  ADD COLUMN certificate text`;

export class RememberRegistrations1800000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(registration);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE registration_token
      DROP COLUMN machine_id, DROP COLUMN key_hash, DROP COLUMN serial, DROP COLUMN certificate`);
  }
}
