import type pg from 'pg';

/** What shows that a row waits, by the columns that its table has: whoever adds a queue names them alike. */
const signs: readonly { readonly columns: readonly string[]; readonly waits: string; readonly what: string }[] = [
  { columns: ['leased_until'], waits: 'leased_until > now()', what: 'leased' },
  { columns: ['due_at'], waits: 'due_at <= now()', what: 'due' },
  { columns: ['removal_due_at'], waits: 'removal_due_at <= now()', what: 'to be removed' },
  { columns: ['check_at'], waits: 'check_at <= now()', what: 'to be looked at' },
  { columns: ['seq', 'acknowledged_seq'], waits: 'acknowledged_seq < seq', what: 'unacknowledged' },
  { columns: ['outcome', 'ends_at'], waits: 'outcome IS NULL', what: 'open' },
  { columns: ['request_hash', 'answer'], waits: 'answer IS NULL', what: 'unanswered' },
  { columns: ['status', 'work_items'], waits: `status IN ('pending', 'running')`, what: 'open' },
  { columns: ['subject', 'body', 'headers'], waits: 'true', what: 'unpublished' },
  {
    columns: ['replica_id', 'closed_at'],
    waits:
      'closed_at IS NULL AND replica_id NOT IN (SELECT id FROM agent_gateway.replica WHERE lease_expires_at > now())',
    what: 'nobody’s',
  },
];

/** Tables whose rows wait for nobody. One that is neither here nor shows a sign has to be told which of both it is. */
const calm: ReadonlySet<string> = new Set([
  ...['authority', 'registration_token', 'certificate', 'replica'].map((name) => `agent_gateway.${name}`),
  ...['config_set', 'config_set_version'].map((name) => `config_sets.${name}`),
  ...['account', 'person', 'membership', 'session', 'api_key', 'failed_log_in', 'audit_entry'].map(
    (name) => `identity.${name}`,
  ),
  'jobs.job_log',
  ...['node', 'minted_id', 'instance', 'revision', 'job_log', 'instance_event'].map((name) => `reconciler.${name}`),
]);

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
}

/** Rows of any service's queues, outboxes and leases that wait for somebody, a line per table; empty when none does. */
export async function stuckRows(client: pg.Client): Promise<string[]> {
  const { rows: tables } = await client.query<Table>(
    `SELECT format('%I.%I', table_schema, table_name) AS name, array_agg(column_name::text) AS columns
     FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
     WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') GROUP BY 1`,
  );
  const shown = tables.map(({ name, columns }) => ({
    name,
    signs: signs.filter((sign) => sign.columns.every((column) => columns.includes(column))),
  }));
  const untold = shown.filter(
    ({ name, signs }) => signs.length === 0 && !calm.has(name) && !name.endsWith('.migrations'),
  );
  if (untold.length > 0) return untold.map(({ name }) => `whether rows of ${name} wait for somebody is not known`);
  const counts = shown.flatMap(({ name, signs }) =>
    signs.map(
      ({ waits, what }) =>
        `SELECT count(*)::int AS count, '${what} rows in ${name}' AS what FROM ${name} WHERE ${waits}`,
    ),
  );
  if (!tables.some(({ name }) => name.endsWith('.outbox'))) return ['there is no outbox, so nothing was looked at'];
  const { rows } = await client.query<{ count: number; what: string }>(counts.join(' UNION ALL '));
  return rows.filter(({ count }) => count > 0).map(({ count, what }) => `${count} ${what}`);
}
