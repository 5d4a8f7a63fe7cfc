import type { MigrationInterface, QueryRunner } from 'typeorm';
import { functions, tableNames, tables } from './tables.js';

export class ReconcilerSchema1700000001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...functions, ...tables]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of tableNames) await runner.query(`DROP TABLE ${name}`);
    await runner.query('DROP FUNCTION ms');
  }
}
