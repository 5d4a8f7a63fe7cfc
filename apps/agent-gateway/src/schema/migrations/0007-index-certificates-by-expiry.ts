import { createIndexConcurrently } from '@runos/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The hourly deletion finds expired certificates by it. */
export class IndexCertificatesByExpiry1800000000007 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await createIndexConcurrently(runner, 'ix_certificate_expires_at', 'ON certificate (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX ix_certificate_expires_at');
  }
}
