import { eventually, readPlaneInfo, withSql } from '@runos/tool-e2e';
import type { Client } from 'pg';

/** The copies of all tables are in this schema until the backup is restored. */
const schema = 'backup';

interface Table {
  readonly schema: string;
  readonly name: string;
  /** The name of its copy. */
  readonly copy: string;
  /** Its columns as SQL. */
  readonly columns: string;
}

interface Sequence {
  readonly name: string;
  readonly last: string | null;
}

/** A consistent copy of the tables and sequences of all services. */
export interface DatabaseBackup {
  readonly tables: readonly Table[];
  readonly sequences: readonly Sequence[];
}

/** Copies the database of the running plane as of one moment, as pg_dump does. */
export const backUpDatabase = async (data: string): Promise<DatabaseBackup> =>
  withSql((await readPlaneInfo(data)).databaseUrl, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const { rows: tables } = await client.query<Table>(
      `SELECT table_schema AS schema, table_name AS name, quote_ident(table_schema || '.' || table_name) AS copy,
         string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) AS columns
       FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
       WHERE table_type = 'BASE TABLE' AND table_name <> 'migrations' AND is_generated = 'NEVER'
         AND table_schema NOT IN ('pg_catalog', 'information_schema', $1) GROUP BY 1, 2`,
      [schema],
    );
    const { rows: sequences } = await client.query<Sequence>(
      `SELECT format('%I.%I', schemaname, sequencename) AS name, last_value::text AS last FROM pg_sequences`,
    );
    await client.query(`CREATE SCHEMA ${schema}`);
    for (const table of tables)
      await client.query(`CREATE TABLE ${schema}.${table.copy} AS SELECT ${table.columns} FROM ${nameOf(table)}`);
    await client.query('COMMIT');
    return { tables, sequences };
  });

/** Replaces the database of the stopped services by a backup, and deletes the backup. */
export const restoreDatabase = async (data: string, { tables, sequences }: DatabaseBackup): Promise<void> =>
  withSql((await readPlaneInfo(data)).databaseUrl, async (client) => {
    await client.query('BEGIN');
    // No trigger and no foreign key is checked: the backup is consistent as a whole.
    await client.query('SET LOCAL session_replication_role = replica');
    await client.query(`TRUNCATE ${tables.map(nameOf).join(', ')}`);
    for (const table of tables) {
      const rows = `SELECT ${table.columns} FROM ${schema}.${table.copy}`;
      await client.query(`INSERT INTO ${nameOf(table)} (${table.columns}) OVERRIDING SYSTEM VALUE ${rows}`);
    }
    for (const { name, last } of sequences)
      await client.query('SELECT setval($1, $2, $3)', [name, last ?? '1', last !== null]);
    await client.query(`DROP SCHEMA ${schema} CASCADE`);
    await client.query('COMMIT');
  });

/** Deletes a backup that is not restored. */
export const deleteBackup = async (data: string): Promise<void> =>
  withSql((await readPlaneInfo(data)).databaseUrl, async (client) => {
    await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  });

const nameOf = ({ schema: owner, name }: Table): string => `"${owner}"."${name}"`;

/** Waits until no service is connected to the database. */
export const waitUntilUnused = async (data: string): Promise<true> =>
  withSql((await readPlaneInfo(data)).databaseUrl, (client: Client) =>
    eventually('every service to be disconnected from the database', async () => {
      const { rows } = await client.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
           AND backend_type = 'client backend' AND application_name ~ ':'`,
      );
      return rows.length === 0;
    }),
  );
