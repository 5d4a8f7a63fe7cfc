import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Plane } from './plane.js';
import { PlaneClient } from './plane-client.js';

describe('npm start, stopped in the middle of ten jobs', () => {
  let plane: Plane;
  beforeAll(async () => {
    plane = await Plane.create();
  });
  afterAll(() => plane.finish());

  it('ends every job once after a restart, with the same log-in and data', async () => {
    await plane.start();
    const before = await PlaneClient.connect(plane.data);
    const requested = await Promise.all(
      Array.from({ length: 10 }, (_, n) => before.request('valkey', { name: `job-${n}` })),
    );
    expect(await plane.stop()).toBe(0);

    await plane.start();
    const after = await PlaneClient.connect(plane.data);
    expect([after.info.aid, after.info.cid, after.info.token]).toEqual([
      before.info.aid,
      before.info.cid,
      before.info.token,
    ]);
    const jobs = await Promise.all(requested.map(({ jobId }) => after.api.ended(jobId)));
    expect(jobs.map(({ status }) => status)).toEqual(Array(10).fill('completed'));
    const { body } = await after.api.get(`${after.services}/valkey`);
    const osids = (body['services'] as { osid: string }[]).map(({ osid }) => osid);
    expect(osids.sort()).toEqual(requested.map(({ osid }) => osid).sort());
    const list = await after.api.get(`/${after.info.aid}/jobs?limit=100`);
    expect((list.body['jobs'] as unknown[]).length).toBe(10);
  }, 300_000);
});
