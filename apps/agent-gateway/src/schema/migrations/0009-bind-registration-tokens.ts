import { createIndexConcurrently } from '@runos/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The token of identity that created a registration token, and the time of its revocation. Of tokens that a session has
 * created before, the session is not known: `credential_kind` and `credential_key_id` are null.
 */
const credential = `
ALTER TABLE registration_token
  ADD COLUMN IF NOT EXISTS credential_kind text,
  ADD COLUMN IF NOT EXISTS credential_key_id text,
  ADD COLUMN IF NOT EXISTS revoked_at timestamptz`;

const known = `
UPDATE registration_token SET credential_kind = 'pat', credential_key_id = substr(created_by, 5)
  WHERE created_by LIKE 'pat:%' AND credential_kind IS NULL`;

export class BindRegistrationTokens1800000000009 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(credential);
    await runner.query(known);
    await createIndexConcurrently(
      runner,
      'ix_registration_token_credential_key_id',
      'ON registration_token (credential_key_id) WHERE used_at IS NULL AND revoked_at IS NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE registration_token
      DROP COLUMN credential_kind, DROP COLUMN credential_key_id, DROP COLUMN revoked_at`);
  }
}
