import { withSql } from '@runos/tool-e2e';
import type { Client } from 'pg';
import { findPendingRows } from './pending-rows.js';
import { type LedgerInstance, possibleFinalNumbers, type Ledger } from '../load/ledger.js';

interface InstanceRow {
  readonly osid: string;
  readonly name: string;
  readonly state: string;
  readonly reason: string | null;
  readonly limit: number;
}

/** Contradictions between the database and the responses to clients; empty when there are none. */
export const checkDatabase = (databaseUrl: string, ledger: Ledger): Promise<string[]> =>
  withSql(databaseUrl, async (client) => {
    const faults = [
      await checkJobs(client, ledger),
      await checkKeys(client, ledger),
      await checkInstances(client, ledger),
    ];
    return [...faults, await findPendingRows(client)].flat();
  });

/** Every job of a response has ended once, and the projection agrees. */
async function checkJobs(client: Client, { jobs, divergedJobs }: Ledger): Promise<string[]> {
  const { rows } = await client.query<{
    id: string;
    outcome: string | null;
    shown: string | null;
    same: boolean;
    error: string | null;
  }>(
    `SELECT expected.id, r.outcome, r.error, j.status AS shown, j.seq IS NOT DISTINCT FROM r.seq AS same
     FROM unnest($1::uuid[]) AS expected(id)
     LEFT JOIN reconciler.job_ref r ON r.job_id = expected.id LEFT JOIN jobs.job j ON j.id = expected.id`,
    [[...jobs.values()]],
  );
  return rows.flatMap(({ id, outcome, shown, same, error }) => {
    if (outcome === null) return [`job ${id} has not ended (the projection has ${shown ?? 'no row'})`];
    if (outcome === 'failed' && !divergedJobs.has(id)) return [`job ${id} failed: ${error}`];
    if (shown !== outcome || !same) return [`job ${id} ended ${outcome}, the projection has ${shown ?? 'no row'}`];
    return [];
  });
}

/** Each Idempotency-Key created exactly the job of its response, and there are no other jobs. */
async function checkKeys(client: Client, { jobs }: Ledger): Promise<string[]> {
  const { rows } = await client.query<{ key: string | null; made: string | null; job: string | null }>(
    `SELECT i.key, i.response::jsonb ->> 'jobId' AS made, r.job_id AS job
     FROM reconciler.idempotency i FULL JOIN reconciler.job_ref r ON r.job_id::text = i.response::jsonb ->> 'jobId'
     WHERE i.key IS NULL OR i.response::jsonb ? 'jobId'`,
  );
  const made = new Map(rows.map(({ key, made }) => [key, made]));
  return [
    ...[...jobs]
      .filter(([key, job]) => made.get(key) !== job)
      .map(([key, job]) => `key ${key} was accepted as job ${job}, the database has ${made.get(key) ?? 'none'}`),
    ...rows
      .filter(({ key }) => key !== null && !jobs.has(key))
      .map(({ key }) => `key ${key} created a job without a response`),
    ...rows
      .filter(({ key, job }) => key === null || job === null)
      .map(({ key, job }) => `job ${job} belongs to key ${key}`),
  ];
}

/** Each existing instance has one row, is healthy and has the last accepted number; deleted ones have no row. */
async function checkInstances(client: Client, ledger: Ledger): Promise<string[]> {
  const { rows } = await client.query<InstanceRow>(
    `SELECT i.osid, i.name, i.state, i.reason, (r.spec #>> '{sizing,cpuLimitMc}')::int AS limit
     FROM reconciler.instance i JOIN reconciler.revision r ON r.instance_id = i.id AND r.revision = i.revision`,
  );
  const found = new Map(rows.map((row) => [row.osid, row]));
  const known = new Set(ledger.living.map(({ osid }) => osid));
  const extra = rows.filter(({ osid }) => !known.has(osid));
  return [
    ...ledger.living.flatMap((instance) => checkInstance(instance, found.get(instance.osid))),
    ...extra.map(({ osid, name, state }) => `${osid} (${name}) is ${state}, but was never accepted`),
  ];
}

function checkInstance({ osid, writes }: LedgerInstance, row: InstanceRow | undefined): string[] {
  if (row === undefined) return [`${osid} was accepted and is lost`];
  const accepted = possibleFinalNumbers(writes);
  if (!accepted.includes(row.limit))
    return [`${osid} has ${row.limit} m, the last accepted is ${accepted.join(' or ')} m`];
  return row.state === 'healthy' ? [] : [`${osid} is ${row.state} (${row.reason})`];
}
