import { schemaOf } from '@runos/persistence';
import { DataFolder, databaseUrlOf, ensureSecrets, services } from '@runos/tool-start';
import pg from 'pg';

export interface RolesVerdict {
  readonly names: readonly string[];
  /** Attempts at what is not the role's own. */
  readonly tried: number;
  /** What was not refused, or not for want of rights; and what should have been let through. */
  readonly wrong: readonly string[];
}

interface Table {
  readonly schema: string;
  readonly table: string;
  /** Some column of it. */
  readonly column: string;
}

const insufficientPrivilege = '42501';

/** Every service's role, with its own password, on every table that is another's, and on all that is the server's. */
export async function tryRoles(data: string, databaseUrl: string, superuser: pg.Client): Promise<RolesVerdict> {
  const secrets = ensureSecrets(new DataFolder(data));
  const tables = await tablesOf(superuser);
  const plans = services
    .filter(({ database }) => database)
    .map(({ name }) => ({
      schema: schemaOf(name),
      url: databaseUrlOf(name, { postgres: { url: databaseUrl }, secrets }),
    }));
  const names = plans.map(({ url }) => new URL(url).username);
  const everybody = [...names, new URL(databaseUrl).username];
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
      ...everybody.filter((each) => each !== role).map((each) => `SET ROLE "${each}"`),
      ...serverWide,
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

/** What no service needs of the server. */
const serverWide = [
  'SELECT FROM pg_authid',
  'SELECT FROM pg_shadow',
  'CREATE SCHEMA stolen',
  'CREATE ROLE stolen',
  'CREATE TEMP TABLE stolen (id int)',
  `SELECT pg_read_file('PG_VERSION')`,
  `COPY (SELECT 1) TO PROGRAM 'true'`,
];

/** Each within a transaction that is undone: also an attempt that succeeds leaves nothing. */
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
