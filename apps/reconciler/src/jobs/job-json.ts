/** A timestamp column as the API writes it: ISO 8601 in UTC, milliseconds. */
export const isoTime = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** A log line as the API writes it. Ids have a fixed width, so that they grow as numbers and as texts alike. */
const logJson = (line: string): string => `jsonb_build_object(
  'id', lpad(${line}.id::text, 15, '0'), 'workItemId', ${line}.work_item_id, 'level', ${line}.level,
  'message', ${line}.message, 'createdAt', ${isoTime(`${line}.created_at`)})`;

/** All lines of the rows of `from` that belong to job `job`, oldest first. */
const logsOf = (job: string, from: string): string =>
  `coalesce((SELECT jsonb_agg(${logJson('l')} ORDER BY l.id) FROM ${from} l WHERE l.job_id = ${job}.job_id), '[]')`;

/** How a job stands (`JobProgress`), built where the job is changed, so that both are one statement. */
export const progressJson = (j: string, logsFrom: string): string => `jsonb_build_object(
  'seq', ${j}.seq,
  'job', jsonb_build_object(
    'id', ${j}.job_id, 'aid', ${j}.aid, 'cid', ${j}.cid, 'osid', ${j}.osid, 'type', ${j}.type, 'status', ${j}.status,
    'progress', ${j}.progress, 'currentStep', ${j}.current_step, 'reason', ${j}.reason, 'error', ${j}.error,
    'supersededBy', ${j}.superseded_by, 'createdAt', ${isoTime(`${j}.created_at`)},
    'startedAt', ${isoTime(`${j}.started_at`)}, 'completedAt', ${isoTime(`${j}.completed_at`)}),
  'workItems', ${j}.work_items,
  'logs', ${logsOf(j, logsFrom)})`;
