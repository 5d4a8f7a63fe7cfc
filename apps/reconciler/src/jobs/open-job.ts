import type { Job, WorkItem } from '@runos/api';
import type { JobProgress } from '@runos/contracts';
import type { EntityManager } from 'typeorm';
import type { LogLevel } from './job-of-report.js';
import { tellJobs } from './tell-jobs.js';
import type { JobKind, Step } from './work-items.js';

export interface NewJob {
  readonly jobId: string;
  readonly aid: string;
  readonly cid: string;
  readonly clusterId: number;
  readonly instanceId: number | null;
  readonly osid: string | null;
  readonly type: Job['type'];
  readonly kind: JobKind;
  readonly generation: number;
  readonly revision: number;
  readonly workItems: readonly WorkItem[];
  readonly firstStep: Step;
  readonly progress: string | null;
  readonly reason: string | null;
  readonly budgetMs: number;
  /** How long in all the agent may be away before the job fails, ms. */
  readonly leaveMs: number;
  /** The agent is away now: the clock of the job stands still. */
  readonly paused: boolean;
  readonly logs: readonly { readonly step: Step; readonly level: LogLevel; readonly message: string }[];
}

/** Writes a new job with its first log lines and the news for the jobs service; answers how it stands. */
export async function openJob(sql: EntityManager, job: NewJob): Promise<JobProgress> {
  const { logs, ...columns } = job;
  const lines = logs.map(({ step, ...line }) => ({ ...line, id: job.workItems.find(({ name }) => name === step)?.id }));
  const [opened] = await tellJobs<{ body: JobProgress }>(
    sql,
    `changed AS (
       INSERT INTO job_ref (job_id, aid, cid, cluster_id, instance_id, osid, type, kind, generation, revision, status,
         progress, current_step, reason, work_items, budget, budget_left, leave, leave_left, ends_at, paused_at)
       SELECT n."jobId", n.aid, n.cid, n."clusterId", n."instanceId", n.osid, n.type, n.kind, n.generation, n.revision,
         'pending', n.progress, n."firstStep", n.reason, n."workItems", ms(n."budgetMs"), ms(n."budgetMs"), ms(n."leaveMs"),
         ms(n."leaveMs"), now() + ms(CASE WHEN n.paused THEN n."leaveMs" ELSE n."budgetMs" END),
         CASE WHEN n.paused THEN now() END
       FROM jsonb_to_record($1::jsonb) AS n("jobId" uuid, aid text, cid text, "clusterId" bigint, "instanceId" bigint,
         osid text, type text, kind text, generation int, revision int, "workItems" jsonb, "firstStep" text,
         progress text, reason text, "budgetMs" float8, "leaveMs" float8, paused boolean)
       RETURNING *),
     written AS (
       INSERT INTO job_log (job_id, work_item_id, level, message)
       SELECT m.job_id, l.id, l.level, l.message
       FROM changed m, jsonb_to_recordset($2::jsonb) AS l(id uuid, level text, message text) RETURNING *)`,
    [JSON.stringify(columns), JSON.stringify(lines)],
    { answer: 'SELECT body FROM told' },
  );
  if (opened === undefined) throw new Error(`job ${job.jobId} was not written`);
  return opened.body;
}
