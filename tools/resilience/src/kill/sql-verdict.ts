import { withSql } from '@runos/tool-e2e';
import type { Client } from 'pg';
import { stuckRows } from './stuck-rows.js';
import { type Known, lastOf, type Ledger } from '../load/ledger.js';

interface InstanceRow {
  readonly osid: string;
  readonly name: string;
  readonly state: string;
  readonly reason: string | null;
  readonly limit: number;
}

/** What the database says that contradicts what clients were promised; empty when all is well. */
export const sqlVerdict = (databaseUrl: string, ledger: Ledger): Promise<string[]> =>
  withSql(databaseUrl, async (client) => {
    const faults = [
      await jobFaults(client, ledger),
      await keyFaults(client, ledger),
      await instanceFaults(client, ledger),
    ];
    return [...faults, await stuckRows(client)].flat();
  });

/** Every job that left the API has ended, once, and the projection says the same. */
async function jobFaults(client: Client, { jobs }: Ledger): Promise<string[]> {
  const { rows } = await client.query<{
    id: string;
    outcome: string | null;
    shown: string | null;
    same: boolean;
    error: string | null;
  }>(
    `SELECT wanted.id, r.outcome, r.error, j.status AS shown, j.seq IS NOT DISTINCT FROM r.seq AS same
     FROM unnest($1::uuid[]) AS wanted(id)
     LEFT JOIN reconciler.job_ref r ON r.job_id = wanted.id LEFT JOIN jobs.job j ON j.id = wanted.id`,
    [[...jobs.values()]],
  );
  return rows.flatMap(({ id, outcome, shown, same, error }) => {
    if (outcome === null) return [`job ${id} has not ended (the projection says ${shown ?? 'nothing'})`];
    if (outcome === 'failed') return [`job ${id} failed: ${error}`];
    if (shown !== outcome || !same) return [`job ${id} ended ${outcome}, the projection says ${shown ?? 'nothing'}`];
    return [];
  });
}

/** Each key that a client used made the one job it was told of, and no job came from anywhere else. */
async function keyFaults(client: Client, { jobs }: Ledger): Promise<string[]> {
  const { rows } = await client.query<{ key: string | null; made: string | null; job: string | null }>(
    `SELECT i.key, i.response::jsonb ->> 'jobId' AS made, r.job_id AS job
     FROM reconciler.idempotency i FULL JOIN reconciler.job_ref r ON r.job_id::text = i.response::jsonb ->> 'jobId'
     WHERE i.key IS NULL OR i.response::jsonb ? 'jobId'`,
  );
  const made = new Map(rows.map(({ key, made }) => [key, made]));
  return [
    ...[...jobs]
      .filter(([key, job]) => made.get(key) !== job)
      .map(([key, job]) => `key ${key} was told of job ${job}, ${made.get(key) ?? 'none'} is noted`),
    ...rows
      .filter(({ key }) => key !== null && !jobs.has(key))
      .map(({ key }) => `key ${key} made a job, nobody was told`),
    ...rows
      .filter(({ key, job }) => key === null || job === null)
      .map(({ key, job }) => `job ${job} belongs to key ${key}`),
  ];
}

/** Living instances are there once, healthy, with the number that was accepted last; the others are gone. */
async function instanceFaults(client: Client, ledger: Ledger): Promise<string[]> {
  const { rows } = await client.query<InstanceRow>(
    `SELECT i.osid, i.name, i.state, i.reason, (r.spec #>> '{sizing,cpuLimitMc}')::int AS limit
     FROM reconciler.instance i JOIN reconciler.revision r ON r.instance_id = i.id AND r.revision = i.revision`,
  );
  const found = new Map(rows.map((row) => [row.osid, row]));
  const known = new Set(ledger.living.map(({ osid }) => osid));
  const extra = rows.filter(({ osid }) => !known.has(osid));
  return [
    ...ledger.living.flatMap((instance) => faultOf(instance, found.get(instance.osid))),
    ...extra.map(({ osid, name, state }) => `${osid} (${name}) is ${state}, but nobody has it`),
  ];
}

function faultOf({ osid, writes }: Known, row: InstanceRow | undefined): string[] {
  if (row === undefined) return [`${osid} was accepted and is lost`];
  const wanted = lastOf(writes);
  if (!wanted.includes(row.limit)) return [`${osid} wants ${row.limit} m, accepted last was ${wanted.join(' or ')} m`];
  return row.state === 'healthy' ? [] : [`${osid} is ${row.state} (${row.reason})`];
}
