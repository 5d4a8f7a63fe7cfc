import { expect, it } from '@jest/globals';
import { bucketOf, statusBuckets } from '@runos/agent-protocol';
import { reconciler } from '@runos/contracts';
import { backUp } from './database-backup.js';
import { type Harness, useHarness } from './harness.js';

let harness: Harness;
useHarness((started) => (harness = started));

it('a status that a restore has replaced by an older one is found by a resync, and counts when it is reported again', async () => {
  const made = await Promise.all(
    Array.from({ length: 3 }, () =>
      harness.request(reconciler.createInstance, { cid: harness.cid, type: 'valkey', fields: {} }),
    ),
  );
  await Promise.all(made.map(({ jobId }) => harness.jobs.ended(jobId)));
  await harness.agent.idle();
  const [one] = made.map(({ id, osid }) => ({ cid: harness.cid, type: 'valkey', id, osid }));
  if (one === undefined) throw new Error('nothing was created');
  const bundle = harness.agent.bundleOf(one.osid);
  const recorded = () =>
    harness.sql<{ osid: string; hash: string }>('SELECT osid, status_hash AS hash FROM instance ORDER BY osid');
  const resync = async (statuses: Awaited<ReturnType<typeof recorded>>) =>
    (await harness.agent.resync({ step: 'statuses', buckets: statusBuckets(statuses) })).differing;

  await harness.agent.report(bundle, 'degraded');
  expect((await harness.request(reconciler.showInstance, one)).status).toBe('degraded');
  const restore = await backUp(harness);
  await harness.agent.report(bundle, 'ready');
  const acknowledged = await recorded();
  expect(await resync(acknowledged)).toEqual([]);

  await restore();
  await harness.agent.connect();
  expect((await harness.request(reconciler.showInstance, one)).status).toBe('degraded');
  expect(await resync(acknowledged)).toEqual([bucketOf(one.osid)]);
  await harness.agent.report(bundle, 'ready');
  expect((await harness.request(reconciler.showInstance, one)).status).toBe('healthy');
  expect(await resync(acknowledged)).toEqual([]);
});
