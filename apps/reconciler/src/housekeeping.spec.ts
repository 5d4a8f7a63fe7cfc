import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { Housekeeping } from './housekeeping.js';
import { type TestPlane, testPlane } from '../test/test-plane.js';

let plane: TestPlane;
beforeAll(async () => {
  plane = await testPlane({ settings: { revisionsKept: 2 } });
}, 30_000);
afterAll(() => plane.stop());

it('what is old is forgotten, what is wanted stays', async () => {
  const made = await plane.ask(reconciler.createInstance, { cid: plane.cid, type: 'valkey', fields: {} });
  for (let restart = 0; restart < 4; restart += 1) {
    const { jobId } = await plane.ask(reconciler.restartInstance, { cid: plane.cid, type: 'valkey', id: made.id });
    await plane.jobs.ended(jobId);
  }
  await plane.sql(`UPDATE job_ref SET completed_at = now() - interval '31 days' WHERE job_id = $1`, [made.jobId]);
  await plane.replicas[0].app.get(Housekeeping, { strict: false }).run();
  expect(await plane.sql('SELECT revision FROM revision ORDER BY 1')).toEqual(
    [3, 4, 5].map((revision) => ({ revision })),
  );
  expect(await plane.sql('SELECT count(*)::int AS n FROM job_ref')).toEqual([{ n: 4 }]);
  expect(await plane.sql('SELECT count(*)::int AS n FROM job_log WHERE job_id = $1', [made.jobId])).toEqual([{ n: 0 }]);
  await plane.agent.quiet();
});
