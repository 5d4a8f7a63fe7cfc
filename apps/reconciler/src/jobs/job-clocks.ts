import type { EntityManager } from 'typeorm';
import { tellJobs } from './tell-jobs.js';

/** The reason a job shows while nobody holds a stream for its cluster. */
export const agentAbsent = 'AgentAbsent';

export const waitingForAgent = (cid: string): string => `waiting for the cluster agent of ${cid}: it is not connected`;

const openItem = `(
  SELECT i.item->>'id' FROM jsonb_array_elements(c.work_items) WITH ORDINALITY AS i(item, at)
  WHERE i.item->>'status' IN ('pending', 'running') ORDER BY i.at LIMIT 1)::uuid`;

/** Stops the clock of every open job of a cluster whose agent has gone, and says what they wait for. */
export async function pauseJobs(sql: EntityManager, cluster: { id: number; cid: string }): Promise<void> {
  const text = waitingForAgent(cluster.cid);
  await changed(
    sql,
    `paused_at = now(), budget_left = greatest(ends_at - now(), interval '0'), ends_at = now() + leave_left,
     reason = $2, progress = $3`,
    `paused_at IS NULL`,
    [cluster.id, agentAbsent, text],
  );
}

/** Lets the clocks run on with what they had left. */
export async function resumeJobs(sql: EntityManager, cluster: { id: number; cid: string }): Promise<void> {
  await changed(
    sql,
    `leave_left = greatest(leave_left - (now() - paused_at), interval '0'), ends_at = now() + budget_left,
     paused_at = NULL, reason = nullif(reason, $2), progress = $3`,
    `paused_at IS NOT NULL`,
    [cluster.id, agentAbsent, `the cluster agent of ${cluster.cid} is back`],
  );
}

async function changed(
  sql: EntityManager,
  set: string,
  where: string,
  parameters: [number, string, string],
): Promise<void> {
  await tellJobs(
    sql,
    `changed AS (
       UPDATE job_ref SET ${set}, seq = seq + 1
       WHERE cluster_id = $1 AND instance_id IS NOT NULL AND outcome IS NULL AND ${where} RETURNING *),
     written AS (
       INSERT INTO job_log (job_id, work_item_id, level, message)
       SELECT c.job_id, ${openItem}, 'info', $3 FROM changed c RETURNING *)`,
    parameters,
  );
}
