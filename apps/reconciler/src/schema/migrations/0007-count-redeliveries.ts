import type { MigrationInterface, QueryRunner } from 'typeorm';

/** `redeliveries` counts the requests to deliver again what was delivered. A delivery that began before one is no proof. */
export class CountRedeliveries1800000000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE work ADD redeliveries bigint NOT NULL DEFAULT 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE work DROP redeliveries');
  }
}
