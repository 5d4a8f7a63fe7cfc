import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Job } from '@runos/api';
import { jobs } from '@runos/contracts';
import { type JobsHarness, startHarness } from '../../test/harness.js';
import { at, line, progress, uuidv7 } from '../../test/job-progress.js';

describe('the retention of jobs', () => {
  let plane: JobsHarness;
  beforeAll(async () => {
    plane = await startHarness({ jobKeepDays: 90 });
  });
  afterAll(() => plane.stop());
  beforeEach(() => plane.sql('DELETE FROM job'));

  let created = Date.now();
  /** Projects a job whose last update was `days` days ago. */
  async function jobOf(days: number, over: Partial<Job> = {}): Promise<string> {
    const ended = { status: 'completed', completedAt: at } as const;
    const update = progress(1, { id: uuidv7((created += 1)), ...ended, ...over }, [line('1')]);
    const { id } = update.job;
    await plane.project(update);
    await plane.sql(`UPDATE job SET updated_at = now() - $2 * interval '1 day' WHERE id = $1`, [id, days]);
    return id;
  }
  const kept = async () => (await plane.sql<{ id: string }>('SELECT id FROM job ORDER BY id')).map(({ id }) => id);

  it('deletes ended jobs with their logs, and keeps recent ones, open ones and the last one of each instance', async () => {
    const first = await jobOf(120);
    const recent = [await jobOf(89), await jobOf(120, { status: 'running', completedAt: null })];
    const last = await jobOf(100);
    await jobOf(120, { cid: 'lab', osid: null, type: 'cluster.delete' });
    const other = await jobOf(400, { osid: 'valkey-bbbbb', status: 'failed' });
    await jobOf(200, { osid: 'valkey-ccccc' });
    await jobOf(100, { osid: 'valkey-ccccc', type: 'service.delete' });
    const sameName = await jobOf(120, { aid: 'acct2' });
    await plane.applyRetention();
    expect(await kept()).toEqual([...recent, last, other, sameName]);
    expect(await plane.sql('SELECT count(*)::int AS count FROM job_log')).toEqual([{ count: 5 }]);
    const shown = plane.gateway.request(jobs.showJob, { id: first, aids: ['acct1'] });
    await expect(shown).rejects.toMatchObject({ code: 'job.not_found' });
    await plane.applyRetention();
    expect(await kept()).toHaveLength(5);
  });

  it('deletes a job that the reconciler has lost', async () => {
    await jobOf(100, { status: 'running', completedAt: null, osid: null });
    await plane.sql('UPDATE job SET refresh_at = NULL');
    await plane.applyRetention();
    expect(await kept()).toEqual([]);
  });

  it('passes more jobs that stay than a batch has', async () => {
    await jobOf(100);
    await plane.sql(
      `INSERT INTO job (id, aid, cid, osid, type, status, seq, job, work_items, complete_seq, updated_at, refresh_at)
       SELECT gen_random_uuid(), aid, cid, 'valkey-' || n % 2000, type, status, seq, job, work_items, 1,
         date_trunc('day', now() - interval '91 days'), NULL
       FROM job, generate_series(1, 4000) n`,
    );
    await plane.applyRetention();
    expect(await kept()).toHaveLength(2001);
  });
});
