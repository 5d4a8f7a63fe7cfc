import type pg from 'pg';

/** The condition of a pending row, by the columns of its table. New queues must use the same column names. */
const pendingConditions: readonly {
  readonly columns: readonly string[];
  readonly isPending: string;
  readonly what: string;
}[] = [
  { columns: ['lease_expires_at', 'fencing_token'], isPending: 'lease_expires_at > now()', what: 'leased' },
  { columns: ['next_attempt_at'], isPending: 'next_attempt_at <= now()', what: 'ready' },
  { columns: ['removal_next_attempt_at'], isPending: 'removal_next_attempt_at <= now()', what: 'to be removed' },
  { columns: ['refresh_at'], isPending: 'refresh_at <= now()', what: 'to be refreshed' },
  { columns: ['seq', 'acknowledged_seq'], isPending: 'acknowledged_seq < seq', what: 'unacknowledged' },
  { columns: ['outcome', 'deadline_at'], isPending: 'outcome IS NULL', what: 'open' },
  { columns: ['max_unavailable', 'state'], isPending: `state = 'running'`, what: 'running' },
  { columns: ['wave_id', 'state'], isPending: `state = 'running'`, what: 'running' },
  { columns: ['request_hash', 'response'], isPending: 'response IS NULL', what: 'incomplete' },
  { columns: ['status', 'work_items'], isPending: `status IN ('pending', 'running')`, what: 'open' },
  { columns: ['subject', 'body', 'headers'], isPending: 'true', what: 'unpublished' },
  {
    columns: ['replica_id', 'closed_at'],
    isPending:
      'closed_at IS NULL AND replica_id NOT IN (SELECT id FROM agent_gateway.replica WHERE lease_expires_at > now())',
    what: 'unclaimed',
  },
];

/** Tables without pending rows. A new table must either be listed here or have the columns of a queue. */
const withoutPendingRows: ReadonlySet<string> = new Set([
  ...['authority', 'registration_token', 'certificate', 'replica'].map((name) => `agent_gateway.${name}`),
  ...['config_set', 'config_set_version'].map((name) => `config_sets.${name}`),
  ...['account', 'person', 'membership', 'session', 'api_key', 'failed_log_in', 'audit_entry'].map(
    (name) => `identity.${name}`,
  ),
  'jobs.job_log',
  ...[
    'node',
    'minted_id',
    'deleted_instance',
    'deleted_config_set',
    'instance',
    'instance_requirement',
    'revision',
    'job_log',
    'instance_event',
    'addon_report',
    'registry_credential',
    'image_registry',
  ].map((name) => `reconciler.${name}`),
]);

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
}

/** Pending rows in the queues, outboxes and leases of all services, a line per table; empty when there are none. */
export async function findPendingRows(client: pg.Client): Promise<string[]> {
  const { rows: tables } = await client.query<Table>(
    `SELECT format('%I.%I', table_schema, table_name) AS name, array_agg(column_name::text) AS columns
     FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
     WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') GROUP BY 1`,
  );
  const classified = tables.map(({ name, columns }) => ({
    name,
    conditions: pendingConditions.filter((condition) => condition.columns.every((column) => columns.includes(column))),
  }));
  const unclassified = classified.filter(
    ({ name, conditions }) => conditions.length === 0 && !withoutPendingRows.has(name) && !name.endsWith('.migrations'),
  );
  if (unclassified.length > 0)
    return unclassified.map(({ name }) => `${name} is neither a known queue nor listed as without pending rows`);
  const counts = classified.flatMap(({ name, conditions }) =>
    conditions.map(
      ({ isPending, what }) =>
        `SELECT count(*)::int AS count, '${what} rows in ${name}' AS what FROM ${name} WHERE ${isPending}`,
    ),
  );
  if (!tables.some(({ name }) => name.endsWith('.outbox'))) return ['there is no outbox table, so no row was checked'];
  const { rows } = await client.query<{ count: number; what: string }>(counts.join(' UNION ALL '));
  return rows.filter(({ count }) => count > 0).map(({ count, what }) => `${count} ${what}`);
}
