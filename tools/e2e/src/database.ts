import { Client } from 'pg';

/** The database of a running plane as its superuser, who alone sees every schema. */
export async function withSql<T>(databaseUrl: string, work: (sql: Client) => Promise<T>): Promise<T> {
  const sql = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  sql.on('error', () => undefined); // the query that is under way tells it
  await sql.connect();
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}
