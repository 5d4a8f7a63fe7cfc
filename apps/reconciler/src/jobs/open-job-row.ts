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

/** The open jobs of these instances, held until the end of this transaction. */
export async function openJobsOf(
  sql: EntityManager,
  instanceIds: readonly number[],
): Promise<ReadonlyMap<number, OpenJob>> {
  const open = await runSql<OpenJob & { instanceId: number }>(
    sql,
    `SELECT instance_id AS "instanceId", job_id AS "jobId", kind, generation, revision, work_items AS "workItems", progress,
       current_step AS "currentStep", reason, seen, paused_at IS NOT NULL AS paused, clock_timestamp() AS now
     FROM job_ref WHERE instance_id = ANY($1::bigint[]) AND outcome IS NULL ORDER BY job_id FOR NO KEY UPDATE`,
    [instanceIds],
  );
  return new Map(open.map((job) => [job.instanceId, job]));
}

/** The open job of an instance, held until the end of this transaction. */
export const openJobOf = async (sql: EntityManager, instanceId: number): Promise<OpenJob | undefined> =>
  (await openJobsOf(sql, [instanceId])).get(instanceId);
