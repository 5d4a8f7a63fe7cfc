import pg from 'pg';
import { type Known, lastOf, type Ledger } from '../load/ledger.js';

interface InstanceRow {
  readonly osid: string;
  readonly name: string;
  readonly state: string;
  readonly reason: string | null;
  readonly limit: number;
}

/** What the database says that contradicts what clients were promised; empty when all is well. */
export async function sqlVerdict(databaseUrl: string, ledger: Ledger): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // the query that is under way tells it
  await client.connect();
  try {
    const faults = [await jobFaults(client, ledger), await instanceFaults(client, ledger), await stuck(client)];
    return faults.flat();
  } finally {
    await client.end();
  }
}

/** Every job that left the API has ended, once, and the projection says the same. */
async function jobFaults(client: pg.Client, { jobs }: Ledger): Promise<string[]> {
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
    [[...jobs]],
  );
  return rows.flatMap(({ id, outcome, shown, same, error }) => {
    if (outcome === null) return [`job ${id} has not ended (the projection says ${shown ?? 'nothing'})`];
    if (outcome === 'failed') return [`job ${id} failed: ${error}`];
    if (shown !== outcome || !same) return [`job ${id} ended ${outcome}, the projection says ${shown ?? 'nothing'}`];
    return [];
  });
}

/** Living instances are there once, healthy, with the number that was accepted last; the others are gone. */
async function instanceFaults(client: pg.Client, ledger: Ledger): Promise<string[]> {
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

/** Nothing waits for somebody who will not come. */
async function stuck(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ what: string; count: string }>(`
    SELECT 'due work rows' AS what, count(*) FROM reconciler.work WHERE due_at <= now()
    UNION ALL SELECT 'leased work rows', count(*) FROM reconciler.work WHERE leased_until > now()
    UNION ALL SELECT 'open jobs', count(*) FROM reconciler.job_ref WHERE outcome IS NULL
    UNION ALL SELECT 'open jobs of the projection', count(*) FROM jobs.job WHERE status IN ('pending', 'running')
    UNION ALL SELECT 'outbox rows of the reconciler', count(*) FROM reconciler.outbox
    UNION ALL SELECT 'outbox rows of identity', count(*) FROM identity.outbox`);
  return rows.filter(({ count }) => count !== '0').map(({ what, count }) => `${count} ${what}`);
}
