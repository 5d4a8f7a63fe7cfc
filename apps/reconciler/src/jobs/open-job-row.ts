import type { WorkItem } from '@runos/api';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { SeenObjects } from './job-of-report.js';
import type { JobKind } from './work-items.js';

/** A job that has not ended, as far as it goes on from here. */
export interface OpenJob {
  readonly jobId: string;
  readonly kind: JobKind;
  readonly generation: number;
  readonly revision: number;
  readonly workItems: readonly WorkItem[];
  readonly progress: string | null;
  readonly currentStep: string | null;
  readonly reason: string | null;
  readonly seen: SeenObjects;
  readonly paused: boolean;
  /** The database's time. */
  readonly now: Date;
}

/** The open job of an instance, held until the end of this transaction. */
export async function openJobOf(sql: EntityManager, instanceId: number): Promise<OpenJob | undefined> {
  const [open] = await runSql<OpenJob>(
    sql,
    `SELECT job_id AS "jobId", kind, generation, revision, work_items AS "workItems", progress,
       current_step AS "currentStep", reason, seen, paused_at IS NOT NULL AS paused, clock_timestamp() AS now
     FROM job_ref WHERE instance_id = $1 AND outcome IS NULL FOR NO KEY UPDATE`,
    [instanceId],
  );
  return open;
}
