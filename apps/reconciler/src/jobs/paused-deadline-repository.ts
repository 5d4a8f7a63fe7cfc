import { Injectable } from '@nestjs/common';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { jobColumns } from '../schema/job-row.js';
import { type ChangedJob, publishJobProgress } from './job-progress.js';

/** The reason of a job while its cluster agent is disconnected. */
export const agentAbsent = 'AgentAbsent';

export const waitingForAgent = (cid: string): string => `waiting for the cluster agent of ${cid}: it is not connected`;

/** The log line belongs to the first open work item. */
const openWorkItemId = `(
  SELECT i.item->>'id' FROM jsonb_array_elements(j.work_items) WITH ORDINALITY AS i(item, at)
  WHERE i.item->>'status' IN ('pending', 'running') ORDER BY i.at LIMIT 1)::uuid`;

/** SQL statement: the open jobs of the cluster (`$1`) that need its agent, in the order in which all statements lock jobs. */
const lockJobs = (condition: string): string =>
  `SELECT job_id FROM job_ref WHERE cluster_id = $1 AND type <> 'cluster.delete' AND outcome IS NULL AND ${condition}
   ORDER BY job_id FOR NO KEY UPDATE`;

interface Cluster {
  readonly id: number;
  readonly cid: string;
}

/**
 * Pauses the deadlines of jobs while the stream of their cluster agent is closed: nothing can be delivered. Only the
 * removal of a cluster needs no agent.
 */
@Injectable()
export class PausedDeadlineRepository {
  /** Keeps the rest of each timeout. From now on the job fails when its absence budget is used up. */
  async pause(sql: EntityManager, { id, cid }: Cluster): Promise<void> {
    const paused = await runSql<ChangedJob>(
      sql,
      `WITH started AS (${lockJobs('queue_position IS NULL AND paused_at IS NULL')}),
       paused AS (
         UPDATE job_ref j SET paused_at = now(), timeout_left = greatest(deadline_at - now(), interval '0'),
           deadline_at = now() + absence_budget_left, reason = $2, progress = $3, seq = seq + 1
         FROM started s WHERE j.job_id = s.job_id RETURNING j.*),
       line AS (
         INSERT INTO job_log (job_id, work_item_id, level, message)
         SELECT j.job_id, ${openWorkItemId}, 'info', $3 FROM paused j RETURNING *)
       SELECT ${jobColumns}, (SELECT jsonb_agg(l) FROM line l WHERE l.job_id = j.job_id) AS logs FROM paused j`,
      [id, agentAbsent, waitingForAgent(cid)],
    );
    await publishJobProgress(sql, paused);
  }

  /** Resumes each deadline with the rest of its timeout, and reduces the absence budget by the pause. */
  async resume(sql: EntityManager, { id, cid }: Cluster): Promise<void> {
    const resumed = await runSql<ChangedJob>(
      sql,
      `WITH waiting AS (${lockJobs('paused_at IS NOT NULL')}),
       resumed AS (
         UPDATE job_ref j SET absence_budget_left = greatest(absence_budget_left - (now() - paused_at), interval '0'),
           deadline_at = now() + timeout_left, paused_at = NULL, reason = nullif(reason, $2), progress = $3, seq = seq + 1
         FROM waiting w WHERE j.job_id = w.job_id RETURNING j.*),
       line AS (
         INSERT INTO job_log (job_id, work_item_id, level, message)
         SELECT j.job_id, ${openWorkItemId}, 'info', $3 FROM resumed j RETURNING *)
       SELECT ${jobColumns}, (SELECT jsonb_agg(l) FROM line l WHERE l.job_id = j.job_id) AS logs FROM resumed j`,
      [id, agentAbsent, `the cluster agent of ${cid} is connected again`],
    );
    await publishJobProgress(sql, resumed);
  }
}
