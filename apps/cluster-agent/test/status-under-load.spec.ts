import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type AgentAccess, agentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, Harness } from './harness.js';

let access: AgentAccess;
let harness: Harness;

beforeAll(async () => {
  access = await agentAccess();
  harness = await new Harness(access, { concurrency: 1 }).start();
}, 900_000);

afterAll(async () => {
  await harness?.stop();
  await access?.stop();
});

it('applies queued instances before it reports their progress, and reports all of them in the end', async () => {
  const osids = Array.from({ length: 16 }, () => newOsid());
  await Promise.all(osids.map((osid) => harness.controller.applyBundle(bundleOf(osid, 1, objectsOf(osid)))));
  for (const osid of osids) await harness.waitForStatus(osid, ({ phase }) => phase !== 'applying', 60_000);
  const reportedInProgress = osids.filter((osid) =>
    harness.statuses.some((status) => status.osid === osid && status.phase === 'applying'),
  );
  expect(reportedInProgress.length).toBeLessThan(osids.length / 2);
}, 180_000);
