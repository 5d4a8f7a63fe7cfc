import { consumerOf, reconciler, streamOf } from '@runos/contracts';
import { eventually, readPlaneInfo, withSql } from '@runos/tool-e2e';
import type { Client } from 'pg';
import { asAdministrator } from '../observability/lose-stream.js';

/** The tables of the jobs service, each after those that it references. */
const tables = ['job', 'job_log'] as const;

/** The rows of each table, and the last position of a log line. */
export interface JobsBackup {
  readonly rows: Readonly<Record<(typeof tables)[number], readonly unknown[]>>;
  readonly lastPosition: string;
}

/** Reads a consistent backup of the database of the jobs service, as pg_dump does. */
export const backUpJobs = async (data: string): Promise<JobsBackup> =>
  withSql((await readPlaneInfo(data)).databaseUrl, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const rowsOf = async (table: string): Promise<unknown[]> =>
      (await client.query<{ row: unknown }>(`SELECT to_jsonb(t) AS row FROM jobs.${table} t`)).rows.map(
        ({ row }) => row,
      );
    const rows = { job: await rowsOf('job'), job_log: await rowsOf('job_log') };
    const { rows: positions } = await client.query<{ last: string }>(
      'SELECT last_value::text AS last FROM jobs.job_log_position_seq',
    );
    await client.query('COMMIT');
    return { rows, lastPosition: positions[0]?.last ?? '1' };
  });

/**
 * Replaces the database of the stopped jobs service by a backup. Its consumer is deleted, so that the stream delivers all
 * events of the last 72 hours again.
 */
export async function restoreJobs(data: string, backup: JobsBackup): Promise<void> {
  await withSql((await readPlaneInfo(data)).databaseUrl, async (client) => {
    await client.query('BEGIN');
    await client.query('TRUNCATE jobs.job_log, jobs.job');
    for (const table of tables) await insertRows(client, table, backup.rows[table]);
    await client.query(`SELECT setval('jobs.job_log_position_seq', $1)`, [backup.lastPosition]);
    await client.query('COMMIT');
  });
  const event = reconciler.jobProgressed;
  // NATS may close the connection of a user that its reload has just added.
  await eventually('the consumer to be deleted', async () => {
    await asAdministrator(data, async (connection) => {
      await connection.request(`$JS.API.CONSUMER.DELETE.${streamOf(event.owner)}.${consumerOf('jobs', event)}`);
    });
    return true;
  });
}

const insertRows = (client: Client, table: string, rows: readonly unknown[]) =>
  client.query(
    `INSERT INTO jobs.${table} OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_recordset(NULL::jobs.${table}, $1)`,
    [JSON.stringify(rows)],
  );

/** The time within which the events are delivered again, ms. */
const replayMs = 60_000;

/** Waits until lists contain these jobs again. @throws Error when one is missing */
export const waitForJobs = async (data: string, ids: readonly string[]): Promise<true> =>
  withSql((await readPlaneInfo(data)).databaseUrl, (client) =>
    eventually(
      'every job to be listed again',
      async () => {
        const missing =
          'SELECT 1 FROM unnest($1::uuid[]) AS known(id) WHERE NOT EXISTS (SELECT 1 FROM jobs.job j WHERE j.id = known.id)';
        return (await client.query(missing, [ids])).rows.length === 0;
      },
      replayMs,
    ),
  );
