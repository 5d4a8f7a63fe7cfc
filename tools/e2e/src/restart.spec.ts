import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Plane } from './plane.js';
import { World } from './world.js';

describe('npm start, stopped in the middle of ten jobs', () => {
  let plane: Plane;
  beforeAll(async () => {
    plane = await Plane.create();
  });
  afterAll(() => plane.finish(), 60_000);

  it('ends every job once after it was started again, with the same log-in and data', async () => {
    await plane.start();
    const before = await World.of(plane.data);
    const asked = await Promise.all(Array.from({ length: 10 }, (_, n) => before.ask('valkey', { name: `job-${n}` })));
    expect(await plane.stop()).toBe(0);

    await plane.start();
    const after = await World.of(plane.data);
    expect([after.dev.aid, after.dev.cid, after.dev.token]).toEqual([before.dev.aid, before.dev.cid, before.dev.token]);
    const jobs = await Promise.all(asked.map(({ jobId }) => after.api.ended(jobId, 120_000)));
    expect(jobs.map(({ status }) => status)).toEqual(Array(10).fill('completed'));
    const { body } = await after.api.get(`${after.services}/valkey`);
    const osids = (body['services'] as { osid: string }[]).map(({ osid }) => osid);
    expect(osids.sort()).toEqual(asked.map(({ osid }) => osid).sort());
    const list = await after.api.get(`/${after.dev.aid}/jobs?limit=100`);
    expect((list.body['jobs'] as unknown[]).length).toBe(10);
  }, 300_000);
});
