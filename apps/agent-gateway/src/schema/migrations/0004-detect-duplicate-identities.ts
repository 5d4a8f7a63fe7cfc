import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Addresses of streams, to find two machines with one certificate. `certificate.refused_address` may not use the
 * certificate. `agent.duplicate_addresses` holds the earlier and the later address until the later one is gone.
 */
const addresses = [
  'ALTER TABLE session ADD COLUMN address text, ADD COLUMN replaced_by_address text',
  'ALTER TABLE certificate ADD COLUMN refused_address text',
  `ALTER TABLE agent ADD COLUMN duplicate_addresses text[], ADD COLUMN duplicate_serial text,
     ADD COLUMN duplicate_seen_at timestamptz`,
];

export class DetectDuplicateIdentities1800000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of addresses) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE agent DROP COLUMN duplicate_addresses, DROP COLUMN duplicate_serial,
      DROP COLUMN duplicate_seen_at`);
    await runner.query('ALTER TABLE certificate DROP COLUMN refused_address');
    await runner.query('ALTER TABLE session DROP COLUMN address, DROP COLUMN replaced_by_address');
  }
}
