import { schemaOf } from '@runos/persistence';
import { DataFolder, databaseUrlOf, ensureSecrets, services } from '@runos/tool-start';
import pg from 'pg';

export interface RolesResult {
  readonly names: readonly string[];
  /** The number of attempts on foreign objects. */
  readonly tried: number;
  /** Attempts that were not refused for missing permissions, and permitted ones that were refused. */
  readonly wrong: readonly string[];
}

interface Table {
  readonly schema: string;
  readonly table: string;
  /** One of its columns. */
  readonly column: string;
}

const insufficientPrivilege = '42501';

/** Tests the role of every service on every foreign table, and on the administration of the server. */
export async function tryRoles(data: string, databaseUrl: string, superuser: pg.Client): Promise<RolesResult> {
  const secrets = ensureSecrets(new DataFolder(data));
  const tables = await tablesOf(superuser);
  const plans = services
    .filter(({ database }) => database)
    .map(({ name }) => ({
      schema: schemaOf(name),
      url: databaseUrlOf(name, { postgres: { url: databaseUrl }, secrets }),
    }));
  const names = plans.map(({ url }) => new URL(url).username);
  const allRoles = [...names, new URL(databaseUrl).username];
  const wrong: string[] = [];
  let tried = 0;
  for (const { url, schema } of plans) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const role = new URL(url).username;
    const own = tables.filter((table) => table.schema === schema);
    const others = tables.filter((table) => table.schema !== schema);
    const schemas = ['public', ...new Set(tables.map((table) => table.schema))];
    const attempts = [
      ...others.flatMap(attemptsOn),
      ...schemas.map((each) => `CREATE TABLE "${each}".stolen (id int)`),
      ...allRoles.filter((each) => each !== role).map((each) => `SET ROLE "${each}"`),
      ...serverWide,
      ...ownRights(role, new URL(databaseUrl).username),
      ...own.flatMap(definitionsOf),
      `INSERT INTO "${schema}".migrations (timestamp, name) VALUES (0, 'stolen')`,
    ];
    for (const attempt of attempts) {
      const code = await codeOf(client, attempt);
      if (code !== insufficientPrivilege) wrong.push(`${role}: ${attempt}: ${code ?? 'was not refused'}`);
    }
    for (const { table } of own) {
      const code = await codeOf(client, `SELECT FROM "${schema}"."${table}" LIMIT 1`);
      if (code !== undefined) wrong.push(`${role}: cannot read its own ${table}: ${code}`);
    }
    if (own.length === 0) wrong.push(`${role}: has no table of its own`);
    tried += attempts.length;
    await client.end();
  }
  return { names, tried, wrong };
}

const attemptsOn = ({ schema, table, column }: Table): string[] => {
  const name = `"${schema}"."${table}"`;
  return [
    `SELECT FROM ${name} LIMIT 1`,
    `INSERT INTO ${name} DEFAULT VALUES`,
    `UPDATE ${name} SET "${column}" = DEFAULT`,
    `DELETE FROM ${name}`,
    `TRUNCATE ${name}`,
  ];
};

/** Changes of a service's own tables that only the migrations make. */
const definitionsOf = ({ schema, table, column }: Table): string[] => {
  const name = `"${schema}"."${table}"`;
  return [
    `DROP TABLE ${name}`,
    `TRUNCATE ${name}`,
    `ALTER TABLE ${name} DROP COLUMN "${column}"`,
    `ALTER TABLE ${name} OWNER TO CURRENT_USER`,
    `ALTER TABLE ${name} DISABLE TRIGGER ALL`,
    `CREATE TRIGGER stolen BEFORE INSERT ON ${name} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
    `COPY ${name} TO '/tmp/runos-stolen'`,
    `COPY ${name} FROM PROGRAM 'true'`,
  ];
};

/** More rights for the role itself, and those of the superuser. */
const ownRights = (role: string, superuser: string): string[] => [
  ...['SUPERUSER', 'CREATEROLE', 'CREATEDB', 'REPLICATION', 'BYPASSRLS'].map(
    (right) => `ALTER ROLE "${role}" ${right}`,
  ),
  `GRANT "${superuser}" TO "${role}"`,
  `GRANT pg_read_all_data, pg_execute_server_program TO "${role}"`,
  `SET SESSION AUTHORIZATION "${superuser}"`,
  `ALTER ROLE "${superuser}" PASSWORD 'stolen'`,
  `ALTER DEFAULT PRIVILEGES FOR ROLE "${superuser}" GRANT ALL ON TABLES TO "${role}"`,
];

/** Permissions on the server that no service has. */
const serverWide = [
  'CREATE EXTENSION hstore SCHEMA public',
  `CREATE FUNCTION public.stolen() RETURNS int LANGUAGE sql RETURN 1`,
  `ALTER SCHEMA public OWNER TO CURRENT_USER`,
  'GRANT ALL ON SCHEMA public TO PUBLIC',
  `SELECT pg_ls_dir('.')`,
  `SELECT pg_read_binary_file('pg_hba.conf')`,
  `SELECT lo_import('/etc/passwd')`,
  `SELECT lo_export(0, '/tmp/runos-stolen')`,
  'SELECT FROM pg_hba_file_rules',
  'SELECT FROM pg_largeobject',
  'SELECT FROM pg_user_mapping',
  `SELECT set_config('log_statement', 'none', false)`,
  `SELECT set_config('session_replication_role', 'replica', false)`,
  'SELECT pg_reload_conf()',
  'SELECT pg_switch_wal()',
  `SELECT pg_create_logical_replication_slot('stolen', 'pgoutput')`,
  `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> CURRENT_USER`,
  'CREATE PUBLICATION stolen FOR ALL TABLES',
  `CREATE SUBSCRIPTION stolen CONNECTION 'host=127.0.0.1' PUBLICATION stolen WITH (connect = false)`,
  'SELECT FROM pg_authid',
  'SELECT FROM pg_shadow',
  'CREATE SCHEMA stolen',
  'CREATE ROLE stolen',
  'CREATE TEMP TABLE stolen (id int)',
  `SELECT pg_read_file('PG_VERSION')`,
  `COPY (SELECT 1) TO PROGRAM 'true'`,
];

/** Each runs in a transaction that is rolled back, so that a successful attempt has no effect. */
async function codeOf(client: pg.Client, statement: string): Promise<string | undefined> {
  await client.query('BEGIN');
  try {
    await client.query(statement);
    return undefined;
  } catch (error) {
    return (error as pg.DatabaseError).code ?? String(error);
  } finally {
    await client.query('ROLLBACK');
  }
}

async function tablesOf(superuser: pg.Client): Promise<Table[]> {
  const { rows } = await superuser.query<Table>(
    `SELECT table_schema AS schema, table_name AS table, min(column_name) AS column FROM information_schema.columns
      WHERE table_schema !~ '^(pg_|information_schema$)' GROUP BY 1, 2 ORDER BY 1, 2`,
  );
  return rows;
}
