import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';
import { plane } from './plane-command.js';
import { sharedWorld, type World } from './world.js';

describe('a cluster whose agent is away', () => {
  let world: World;
  beforeAll(async () => {
    world = await sharedWorld();
    await plane('stop', 'cluster-agent');
  });
  afterAll(() => plane('start', 'cluster-agent'));

  it('takes the wish at once, says what it waits for, and goes on when the agent is back', async () => {
    const before = Date.now();
    const instance = await world.ask('valkey', { name: 'patient' });
    expect(Date.now() - before).toBeLessThan(5_000);
    const waiting = await eventually('the job to say what it waits for', 15_000, async () => {
      const { body } = await world.api.get(`/jobs/${instance.jobId}`);
      return body['reason'] !== null && body;
    });
    expect(waiting['status']).not.toBe('failed');
    expect(`${String(waiting['reason'])} ${String(waiting['progress'])}`).toMatch(/agent/i);

    await plane('start', 'cluster-agent');
    await world.completed(instance.jobId);
    expect(await world.show(instance)).toMatchObject({ status: 'healthy' });
  }, 120_000);
});
