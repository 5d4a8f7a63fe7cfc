import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';
import { controlProcess } from './plane.js';
import { connectToSharedPlane, type PlaneClient } from './plane-client.js';

describe('a cluster whose agent is disconnected', () => {
  let planeClient: PlaneClient;
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
    await controlProcess('stop', 'cluster-agent');
  });
  afterAll(() => controlProcess('start', 'cluster-agent'));

  it('accepts the request at once, reports what it waits for, and continues when the agent connects', async () => {
    const instance = await planeClient.request('valkey', { name: 'unhurried' });
    const waiting = await eventually('the reason why the job waits', async () => {
      const { body } = await planeClient.api.get(`/jobs/${instance.jobId}`);
      return typeof body['reason'] === 'string' && body;
    });
    expect(waiting['status']).not.toBe('failed');
    expect(`${String(waiting['reason'])} ${String(waiting['progress'])}`).toMatch(/agent/i);

    await controlProcess('start', 'cluster-agent');
    await planeClient.waitForCompletion(instance.jobId);
    await planeClient.showOnce(instance, { status: 'healthy' });
  });
});
