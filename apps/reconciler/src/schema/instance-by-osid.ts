import { createIndexConcurrently } from '@runos/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A report about what its cluster has not: whose it is instead is found without reading every instance. */
export class InstanceByOsid1700000002000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await createIndexConcurrently(runner, 'ix_instance_osid', 'ON instance (osid)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX ix_instance_osid');
  }
}
