import { expect, it } from '@jest/globals';
import { bundleOf, newOsid, objectsOf, type Harness, useHarness } from './harness.js';

let harness: Harness;

useHarness((started) => ({ harness } = started), { concurrency: 1 });

it('applies queued instances before it reports their progress, and reports all of them in the end', async () => {
  const osids = Array.from({ length: 16 }, () => newOsid());
  await Promise.all(osids.map((osid) => harness.controller.applyBundle(bundleOf(osid, 1, objectsOf(osid)))));
  for (const osid of osids) await harness.waitForStatus(osid, ({ phase }) => phase !== 'applying');
  const reportedInProgress = osids.filter((osid) =>
    harness.statuses.some((status) => status.osid === osid && status.phase === 'applying'),
  );
  expect(reportedInProgress.length).toBeLessThan(osids.length / 2);
});
