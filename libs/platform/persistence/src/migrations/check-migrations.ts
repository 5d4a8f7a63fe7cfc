import type { MigrationInterface, QueryRunner } from 'typeorm';
import { contractingStatements } from './contracting-statements.js';
import type { MigrationClass } from '../connection/data-source.js';

/**
 * A migration that breaks or blocks the previous version. It belongs into a later release than the code that stops
 * needing the old shape; `contraction` states why it is safe.
 */
export interface ContractingMigration extends MigrationInterface {
  readonly contraction: string;
}

/**
 * Rejects migrations that would disturb the running previous version, before any of them runs.
 * @throws Error with each statement and its effect
 */
export async function checkMigrations(migrations: readonly MigrationClass[]): Promise<void> {
  const problems = await Promise.all(migrations.map(problemsOf));
  if (problems.flat().length > 0) throw new Error(problems.flat().join('\n'));
}

async function problemsOf(Migration: MigrationClass): Promise<string[]> {
  const migration = new Migration() as MigrationInterface & Partial<ContractingMigration>;
  const contracting = await contractingStatements(await statementsOf(migration));
  const { contraction } = migration;
  if (contraction === undefined) {
    return contracting.map((what) => `${Migration.name}: ${what}; state in its \`contraction\` why that is safe`);
  }
  return contracting.length > 0 ? [] : [`${Migration.name} has a contraction but no contracting statement`];
}

/** Records the statements of a migration without a database. */
async function statementsOf(migration: MigrationInterface): Promise<string[]> {
  const texts: string[] = [];
  const query = async (text: string): Promise<unknown[]> => (texts.push(text), []);
  await migration.up({ query } as Partial<QueryRunner> as QueryRunner);
  return texts;
}
