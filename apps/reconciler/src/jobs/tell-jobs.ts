import { reconciler } from '@runos/contracts';
import { headersOf } from '@runos/messaging';
import type { Carrier } from '@runos/observability';
import { outboxWritten, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { progressJson } from './job-json.js';

/** Stands for the account in headers that are written for many jobs at once. */
const tenantMark = '{aid}';

interface Told {
  readonly answer?: string;
  readonly traces?: readonly { readonly jobId: string; readonly trace?: Carrier }[];
}

/**
 * Runs a change of jobs and, as the same statement, tells the jobs service by the outbox how each changed job stands.
 * `change` holds the common table expressions `changed` (rows of job_ref) and `written` (their new rows of job_log);
 * the rows answered are those of `answer`, which may also read `told(body)`. Each news goes on with its job's trace, if
 * `traces` names one, otherwise with the current one.
 */
export async function tellJobs<Row>(
  sql: EntityManager,
  change: string,
  values: readonly unknown[],
  { answer = 'SELECT job_id FROM changed', traces = [] }: Told = {},
): Promise<Row[]> {
  const next = values.length + 1;
  const answered = await runSql<Row>(
    sql,
    `WITH ${change},
     told AS (
       INSERT INTO outbox (id, subject, body, headers)
       SELECT gen_random_uuid(), $${next}, ${progressJson('a', 'written')},
         replace($${next + 1}, '${tenantMark}', a.aid)::jsonb || coalesce($${next + 2}::jsonb -> a.job_id::text, '{}')
       FROM changed a RETURNING body)
     ${answer}`,
    [
      ...values,
      reconciler.jobProgressed.subject,
      JSON.stringify(headersOf({ tenant: tenantMark })),
      JSON.stringify(Object.fromEntries(traces.map(({ jobId, trace }) => [jobId, trace ?? {}]))),
    ],
  );
  outboxWritten(sql);
  return answered;
}
