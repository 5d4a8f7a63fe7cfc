import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '@runos/testing-process';
import type pg from 'pg';

/** Columns that change by time or reads: the last use of a token, the last heartbeat of an agent or replica. */
const volatileColumns: Readonly<Record<string, readonly string[]>> = {
  'identity.api_key': ['last_used_at'],
  'identity.session': ['last_used_at'],
  'agent_gateway.replica': ['lease_expires_at'],
  'agent_gateway.agent': ['last_heartbeat_at'],
  'reconciler.cluster': ['last_heartbeat_at'],
};

export type Digests = ReadonlyMap<string, string>;

/** A digest of the rows of every table of every service. */
export async function tableDigests(sql: pg.Client): Promise<Digests> {
  const { rows } = await sql.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^(pg_|information_schema$)' ORDER BY 1, 2`,
  );
  const digests = new Map<string, string>();
  for (const { schema, name } of rows) {
    const table = `${schema}.${name}`;
    const { rows: read } = await sql.query<{ digest: string | null }>(
      `SELECT md5(string_agg(r, E'\\n' ORDER BY r)) AS digest
         FROM (SELECT (to_jsonb(t) - $1::text[])::text AS r FROM "${schema}"."${name}" t) AS rows`,
      [volatileColumns[table] ?? []],
    );
    digests.set(table, read[0]?.digest ?? 'empty');
  }
  return digests;
}

/** The tables whose rows differ. */
export const changedTables = (before: Digests, after: Digests): string[] =>
  [...new Set([...before.keys(), ...after.keys()])].filter((table) => before.get(table) !== after.get(table));

/**
 * The digests once they have not changed for a while, when earlier requests have been processed.
 * @throws Error when rows still change after a minute
 */
export async function stableDigests(sql: pg.Client): Promise<Digests> {
  let last = await tableDigests(sql);
  let changed: readonly string[] = [];
  const isStable = async (): Promise<boolean> => {
    await sleep(1_000);
    const next = await tableDigests(sql);
    changed = changedTables(last, next);
    last = next;
    return changed.length === 0;
  };
  await waitUntil(isStable, { because: () => `rows still change: ${changed.join()}` });
  return last;
}
