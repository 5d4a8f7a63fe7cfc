import { expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { Retention } from '@runos/persistence';
import { type Harness, useHarness } from './harness.js';

let harness: Harness;
useHarness((started) => (harness = started), { settings: { revisionsKept: 2 } });

it('deletes ended jobs and older revisions after their retention, and keeps the desired revision', async () => {
  const made = await harness.request(reconciler.createInstance, { cid: harness.cid, type: 'valkey', fields: {} });
  for (let restart = 0; restart < 4; restart += 1) {
    const { jobId } = await harness.request(reconciler.restartInstance, {
      cid: harness.cid,
      type: 'valkey',
      id: made.id,
    });
    await harness.jobs.ended(jobId);
  }
  await harness.sql(`UPDATE job_ref SET completed_at = now() - interval '31 days' WHERE job_id = $1`, [made.jobId]);
  await harness.replicas[0]?.app.get(Retention, { strict: false }).run();
  expect(await harness.sql('SELECT revision FROM revision ORDER BY 1')).toEqual(
    [3, 4, 5].map((revision) => ({ revision })),
  );
  expect(await harness.sql('SELECT count(*)::int AS n FROM job_ref')).toEqual([{ n: 4 }]);
  expect(await harness.sql('SELECT count(*)::int AS n FROM job_log WHERE job_id = $1', [made.jobId])).toEqual([
    { n: 0 },
  ]);
  await harness.agent.idle();
});
