import { type PlaneClient, withSql } from '@runos/tool-e2e';
import type { Ledger } from '../load/ledger.js';

/** From now on the ledger expects what the restored database has: later writes are compared with that. */
export const adoptRestoredState = ({ info }: PlaneClient, ledger: Ledger): Promise<void> =>
  withSql(info.databaseUrl, async (sql) => {
    const { rows: instances } = await sql.query<{ osid: string; limit: number }>(
      `SELECT i.osid, (r.spec #>> '{sizing,cpuLimitMc}')::int AS limit
       FROM reconciler.instance i JOIN reconciler.revision r ON r.instance_id = i.id AND r.revision = i.revision`,
    );
    const { rows: jobs } = await sql.query<{ id: string; diverged: boolean }>(
      `SELECT job_id AS id, outcome = 'failed' AND reason = 'Diverged' AS diverged FROM reconciler.job_ref`,
    );
    const limits = new Map(instances.map(({ osid, limit }) => [osid, limit]));
    const now = Date.now();
    for (const instance of ledger.instances) {
      const cpuLimitMc = limits.get(instance.osid);
      instance.deleted = cpuLimitMc === undefined;
      instance.writes.splice(0, Infinity, ...(cpuLimitMc === undefined ? [] : [{ cpuLimitMc, from: now, to: now }]));
    }
    const kept = new Set(jobs.map(({ id }) => id));
    for (const [key, id] of ledger.jobs) if (!kept.has(id)) ledger.jobs.delete(key);
    for (const { id, diverged } of jobs) if (diverged === true) ledger.divergedJobs.add(id);
  });
