import { beforeAll, describe, expect, it } from '@jest/globals';
import { at } from './kubectl.js';
import { sharedWorld, type World } from './world.js';

describe('a service that does not get ready', () => {
  let world: World;
  beforeAll(async () => {
    world = await sharedWorld();
  });

  it('fails its job at the deadline with object, reason and remedy, and a good update heals it', async () => {
    const instance = await world.create('postgresql', { name: 'ailing' });
    await world.kubectl.run([
      ...['annotate', 'clusters.postgresql.cnpg.io', instance.osid, '-n', instance.osid],
      ...['runos.dev/fail=true', '--overwrite'],
    ]);
    const bad = await world.api.patch(instance.path, { resourceRequirementClassId: 'postgresql.c0.small' });
    const failed = await world.api.ended(bad.body['jobId'], 120_000);
    expect(failed['status']).toBe('failed');
    expect(failed['reason']).toEqual(expect.stringMatching(/^[A-Z][A-Za-z]+$/));
    expect(failed['error']).toContain(instance.osid);
    expect(['unhealthy', 'degraded']).toContain((await world.show(instance))['status']);

    await world.kubectl.run([
      ...['annotate', 'clusters.postgresql.cnpg.io', instance.osid, '-n', instance.osid],
      'runos.dev/fail-',
    ]);
    const good = await world.api.patch(instance.path, { resourceRequirementClassId: 'postgresql.c0.medium' });
    await world.completed(good.body['jobId']);
    expect(await world.show(instance)).toMatchObject({ status: 'healthy' });
    const live = await world.kubectl.get('clusters.postgresql.cnpg.io', instance.osid, instance.osid);
    expect(at(live, 'spec', 'resources', 'limits', 'memory')).toBe('8Gi');
  }, 240_000);
});
