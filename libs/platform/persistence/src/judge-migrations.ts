import type { MigrationInterface, QueryRunner } from 'typeorm';
import { contractingStatements } from './contracting-statements.js';
import type { MigrationClass } from './data-source.js';

/**
 * A migration that the version before cannot serve beside, or that holds up its writers. It comes a version after the
 * one that needs it no more, and says why that is so.
 */
export interface ContractingMigration extends MigrationInterface {
  readonly contraction: string;
}

/**
 * Refuses migrations that would disturb whoever serves meanwhile, before any of them runs.
 * @throws Error with each statement and what it does
 */
export async function judgeMigrations(migrations: readonly MigrationClass[]): Promise<void> {
  const faults = await Promise.all(migrations.map(faultsOf));
  if (faults.flat().length > 0) throw new Error(faults.flat().join('\n'));
}

async function faultsOf(Migration: MigrationClass): Promise<string[]> {
  const migration = new Migration() as MigrationInterface & Partial<ContractingMigration>;
  const contracting = contractingStatements(await statementsOf(migration));
  const { contraction } = migration;
  if (contraction === undefined) {
    return contracting.map((what) => `${Migration.name}: ${what}; say in its \`contraction\` why that is all right`);
  }
  return contracting.length > 0 ? [] : [`${Migration.name} contracts nothing, though it says so`];
}

/** What a migration would run, told without a database. */
async function statementsOf(migration: MigrationInterface): Promise<string[]> {
  const texts: string[] = [];
  const query = async (text: string): Promise<unknown[]> => (texts.push(text), []);
  await migration.up({ query } as Partial<QueryRunner> as QueryRunner);
  return texts;
}
