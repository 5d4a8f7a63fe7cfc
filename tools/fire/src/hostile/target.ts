import { type Dev, withSql } from '@runos/tool-e2e';
import { readFileSync } from 'node:fs';

/** The plane that is attacked: what `npm start` wrote about it. */
export interface Target extends Dev {
  readonly data: string;
}

/** How many rows each table holds, by its name. */
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

/** Resident memory of every process of the plane that is ours, MiB. */
export function memoryOf({ pids }: Target): Readonly<Record<string, number>> {
  const ours = Object.entries(pids).filter(([name]) => !/postgres|nats|kube|etcd/.test(name));
  return Object.fromEntries(
    ours.map(([name, pid]) => {
      const [, kib = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
      return [name, Math.round(Number(kib) / 1024)];
    }),
  );
}
