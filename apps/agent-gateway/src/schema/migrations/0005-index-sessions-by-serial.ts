import { createIndexConcurrently } from '@runos/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Open and closed sessions are read by their certificate, to find two machines that use it. */
export class IndexSessionsBySerial1800000000005 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await createIndexConcurrently(runner, 'ix_session_serial', 'ON session (serial)');
    await createIndexConcurrently(
      runner,
      'ix_agent_duplicate_seen_at',
      'ON agent (duplicate_seen_at) WHERE duplicate_addresses IS NOT NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX ix_session_serial, ix_agent_duplicate_seen_at');
  }
}
