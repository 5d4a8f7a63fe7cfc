import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { sqlState, sqlStateOf } from '../connection/sql-state.js';

/** A database role that logs in with a password. */
export interface Role {
  readonly name: string;
  readonly password: string;
}

/** Roles are global to a server: concurrent migrations of two databases may conflict on a role. */
const maxAttempts = 10;

/** PostgreSQL's format() quotes: `%I` identifiers, `%L` literals. */
async function run(client: pg.Client, template: string, ...values: readonly string[]): Promise<void> {
  const text = 'SELECT format($1, VARIADIC $2::text[]) AS sql';
  const { rows } = await client.query<{ sql: string }>(text, [template, values]);
  const [row] = rows;
  if (row === undefined) throw new Error('format() returned no row');
  await client.query(row.sql);
}

/** Creates the schema of a service and its role, or sets the role's password and rights again. */
export async function createSchemaAndRole(client: pg.Client, schema: string, role: Role): Promise<void> {
  await run(client, 'CREATE SCHEMA IF NOT EXISTS %I', schema);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role.name]);
      const verb = rowCount === 0 ? 'CREATE' : 'ALTER';
      const rights = 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS';
      return await run(client, `${verb} ROLE %I ${rights} PASSWORD %L`, role.name, role.password);
    } catch (error) {
      if (attempt === maxAttempts || !isConcurrentChange(error)) throw error;
      await sleep(Math.random() * 20 * attempt);
    }
  }
}

function isConcurrentChange(error: unknown): boolean {
  const code = sqlStateOf(error);
  // XX000 is "tuple concurrently updated" in the system catalog.
  return code === sqlState.duplicateObject || code === sqlState.uniqueViolation || code === sqlState.internalError;
}

/** The role may read and write rows of its schema only, and read the list of migrations. */
export async function grantAccess(client: pg.Client, schema: string, { name }: Role): Promise<void> {
  const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
  const database = rows[0]?.name ?? '';
  await run(client, 'REVOKE ALL ON DATABASE %I FROM PUBLIC', database);
  await run(client, 'REVOKE ALL ON SCHEMA public FROM PUBLIC');
  await run(client, 'GRANT CONNECT ON DATABASE %I TO %I', database, name);
  await run(client, 'GRANT USAGE ON SCHEMA %I TO %I', schema, name);
  await run(client, 'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO %I', schema, name);
  await run(client, 'GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO %I', schema, name);
  await run(client, 'REVOKE INSERT, UPDATE, DELETE ON %I.migrations FROM %I', schema, name);
}
