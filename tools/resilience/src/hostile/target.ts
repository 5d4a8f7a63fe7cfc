import { type PlaneInfo, withSql } from '@runos/tool-e2e';
import { residentMb } from '@runos/testing-process';

/** The attacked plane, as `npm start` describes it. */
export interface Target extends PlaneInfo {
  readonly data: string;
}

/** The number of rows of each table, by its name. */
export const rowCounts = ({ databaseUrl }: Target): Promise<Readonly<Record<string, number>>> =>
  withSql(databaseUrl, async (sql) => {
    const { rows: tables } = await sql.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
    );
    const counts: Record<string, number> = {};
    for (const { name } of tables) {
      const { rows } = await sql.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${name}`);
      counts[name] = rows[0]?.n ?? 0;
    }
    return counts;
  });

/** The location of the newest row of a table. */
export const newestRow = ({ databaseUrl }: Target, table: string): Promise<string> =>
  withSql(databaseUrl, async (sql) => {
    const { rows } = await sql.query<{ row: string }>(
      `SELECT t::text AS row FROM ${table} t ORDER BY ctid DESC LIMIT 1`,
    );
    return rows[0]?.row.slice(0, 300) ?? 'nothing';
  });

/** A figure of each Node process of the plane, by its name. */
export async function figureOfEach(
  { pids }: Target,
  figure: (name: string, pid: number) => Promise<number>,
): Promise<Readonly<Record<string, number>>> {
  const own = Object.entries(pids).filter(([name]) => !/postgres|nats|kube|kwok|etcd/.test(name));
  return Object.fromEntries(
    await Promise.all(own.map(async ([name, pid]) => [name, await figure(name, pid)] as const)),
  );
}

/** Resident memory, MB. */
export const memoryOf = (target: Target): Promise<Readonly<Record<string, number>>> =>
  figureOfEach(target, (_, pid) => residentMb(pid));
