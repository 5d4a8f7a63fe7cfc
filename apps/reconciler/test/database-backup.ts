import { runSql } from '@runos/persistence';
import type { Harness } from './harness.js';

/** Every table that a restore replaces, in an order in which rows can be inserted. */
const tables = [
  'cluster',
  'node',
  'addon_report',
  'cluster_addon',
  'minted_id',
  'deleted_instance',
  'instance',
  'instance_requirement',
  'revision',
  'work',
  'job_ref',
  'job_log',
  'instance_event',
] as const;

/** Copies the database of the reconciler. The returned function restores it, as a backup does: also the sessions. */
export async function backUp(harness: Harness): Promise<() => Promise<void>> {
  await harness.agent.idle();
  const copies = new Map<string, string>();
  for (const table of tables) {
    const { rows } = await harness.row<{ rows: string }>(
      `SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]')::text AS rows FROM ${table} t`,
    );
    copies.set(table, rows);
  }
  return async () => {
    await harness.agent.idle();
    await harness.database.transaction(async (sql) => {
      for (const table of tables.toReversed()) await runSql(sql, `DELETE FROM ${table}`);
      for (const [table, rows] of copies) {
        const copied = `SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb)`;
        await runSql(sql, `INSERT INTO ${table} OVERRIDING SYSTEM VALUE ${copied}`, [rows]);
      }
    });
  };
}
