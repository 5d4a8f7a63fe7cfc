import { createIndexConcurrently } from '@runos/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Status reports of a cluster agent name instances by OSID only. */
export class IndexInstancesByOsid1800000000002 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await createIndexConcurrently(runner, 'ix_instance_osid', 'ON instance (osid)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX ix_instance_osid');
  }
}
