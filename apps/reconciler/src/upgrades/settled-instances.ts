/**
 * A part of the statement that ends jobs. It writes the end of each `ended` job `j` to the instance of the upgrade wave
 * that waits for it. A superseding rollout keeps the target of the upgrade, so the instance waits for that job instead.
 */
export const settledInstances = `settled AS (
  UPDATE upgrade_wave_instance u SET
    state = e.state,
    job_id = CASE WHEN e.state = 'running' THEN e.superseded_by ELSE u.job_id END,
    reason = CASE e.state WHEN 'failed' THEN e.reason WHEN 'skipped' THEN 'Deleting' END,
    message = CASE e.state WHEN 'failed' THEN coalesce(e.error, 'The job was cancelled.')
      WHEN 'skipped' THEN 'It is being deleted.' END
  FROM (
    SELECT j.job_id, j.superseded_by, j.reason, j.error, CASE
        WHEN j.outcome = 'completed' THEN 'completed'
        WHEN j.superseded_by IS NULL THEN 'failed'
        WHEN (SELECT i.deleting FROM instance i WHERE i.id = j.instance_id) THEN 'skipped'
        ELSE 'running' END AS state
    FROM ended j) e
  WHERE u.job_id = ANY($2::uuid[]) AND u.job_id = e.job_id AND u.state = 'running'
  RETURNING e.job_id AS settled_job_id)`;
