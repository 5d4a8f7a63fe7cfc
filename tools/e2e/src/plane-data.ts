import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DevInfo as DevInfo } from '@runos/tool-start';
import { Client } from 'pg';

/** The content of `<data>/dev.json`, which `npm start` writes; the planes of tests have a cluster. */
export type PlaneInfo = DevInfo & { readonly cid: string; readonly kubeconfig: string };

/** The content of a JSON file in a plane's data folder. */
export const readDataFile = async <T>(data: string, name: string): Promise<T> =>
  JSON.parse(await readFile(join(data, name), 'utf8')) as T;

export const readPlaneInfo = (data: string): Promise<PlaneInfo> => readDataFile(data, 'dev.json');

/** Connects to the database of a running plane as its superuser, who can read every schema. */
export async function withSql<T>(databaseUrl: string, work: (sql: Client) => Promise<T>): Promise<T> {
  const sql = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  sql.on('error', () => undefined); // the running query reports it
  await sql.connect();
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}
