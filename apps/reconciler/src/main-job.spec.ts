import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { type TestPlane, testPlane } from './testing/test-plane.js';

describe('the main job', () => {
  let plane: TestPlane;
  beforeAll(async () => {
    plane = await testPlane();
  }, 30_000);
  afterAll(() => plane.stop());

  const create = (fields = {}) =>
    plane.ask(reconciler.createInstance, { cid: plane.cid, type: 'valkey', fields: { name: 'cache', ...fields } });
  const show = (id: string) => plane.ask(reconciler.showInstance, { cid: plane.cid, type: 'valkey', id });

  it('creates: answers at once, hands the bundle over, and ends the job when the agent says ready', async () => {
    const made = await create();
    expect(made).toEqual({
      id: expect.stringMatching(/^[a-z0-9]{5}$/),
      osid: `valkey-${made.id}`,
      name: 'cache',
      status: 'pending',
      jobId: expect.any(String),
    });
    const { job, workItems } = await plane.jobs.ended(made.jobId);
    expect(job).toMatchObject({
      type: 'service.create',
      status: 'completed',
      osid: made.osid,
      cid: 'abc',
      error: null,
    });
    expect(workItems.map(({ name, status }) => [name, status])).toEqual(
      ['validate', 'render', 'deliver', 'apply', 'wait-ready'].map((name) => [name, 'completed']),
    );
    expect(plane.jobs.linesOf(made.jobId)).toEqual([
      expect.stringContaining('valkey.c0.beff'),
      expect.stringContaining('Rendered'),
      `StatefulSet ${made.osid}: pending`,
      `StatefulSet ${made.osid}: applied`,
      `StatefulSet ${made.osid}: ready`,
      expect.stringContaining('healthy'),
    ]);
    expect(plane.agent.stored.get(made.osid)).toMatchObject({ generation: 1, revision: 1 });
    expect(await show(made.id)).toMatchObject({
      status: 'healthy',
      generation: 1,
      observedGeneration: 1,
      hosts: [`${made.osid}.abc.aaaaa.example.com`, expect.stringContaining(`${made.osid}-`)],
    });
  });
});
