import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The addresses of two machines with the certificate of one agent, the earlier one first; null: there is no duplicate. */
export class AddDuplicateIdentities1800000000012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const table of ['cluster', 'node']) await runner.query(`ALTER TABLE ${table} ADD duplicate_addresses text[]`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['cluster', 'node']) await runner.query(`ALTER TABLE ${table} DROP duplicate_addresses`);
  }
}
