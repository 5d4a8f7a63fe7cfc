import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type AgentAccess, agentAccess } from '../test/spec-access.js';
import { bundleOf, newOsid, objectsOf, SpecExecutor } from '../test/spec-executor.js';

let access: AgentAccess;
let spec: SpecExecutor;

beforeAll(async () => {
  access = await agentAccess();
  spec = await new SpecExecutor(access, { concurrency: 1 }).start();
}, 900_000);

afterAll(async () => {
  await spec?.stop();
  await access?.stop();
});

it('applies what is in line before it tells of steps on the way, and tells of everybody in the end', async () => {
  const osids = Array.from({ length: 16 }, () => newOsid());
  await Promise.all(osids.map((osid) => spec.executor.apply(bundleOf(osid, 1, objectsOf(osid)))));
  for (const osid of osids) await spec.status(osid, ({ phase }) => phase !== 'applying', 60_000);
  const toldOnTheWay = osids.filter((osid) =>
    spec.statuses.some((status) => status.osid === osid && status.phase === 'applying'),
  );
  expect(toldOnTheWay.length).toBeLessThan(osids.length / 2);
}, 180_000);
