import { eventually, withSql } from '@runos/tool-e2e';

/** Long enough to see how late the work was, ms. */
const patienceMs = 90_000;

/** How long after `since` the first job was done that was asked for after it, ms. Clients have to go on asking. */
export const workContinued = (databaseUrl: string, since: Date): Promise<number> =>
  withSql(databaseUrl, async (client) => {
    const done = await eventually('a job to be done', patienceMs, async () => {
      const { rows } = await client.query<{ at: Date | null }>(
        `SELECT min(completed_at) AS at FROM reconciler.job_ref WHERE outcome = 'completed' AND created_at > $1`,
        [since],
      );
      return rows[0]?.at ?? undefined;
    });
    return done.getTime() - since.getTime();
  });
