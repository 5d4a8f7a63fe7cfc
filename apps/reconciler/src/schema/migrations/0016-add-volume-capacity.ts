import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the largest volume of an instance really has, MiB; null: unknown. Its storage can go back as far as that. */
export class AddVolumeCapacity1800000000016 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE instance ADD volume_capacity_mb int');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE instance DROP volume_capacity_mb');
  }
}
