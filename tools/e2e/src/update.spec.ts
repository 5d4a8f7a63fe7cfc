import { beforeAll, describe, expect, it } from '@jest/globals';
import { at } from './kubectl.js';
import { type Instance, sharedWorld, type World } from './world.js';

describe('changing a service', () => {
  let world: World;
  let instance: Instance;
  beforeAll(async () => {
    world = await sharedWorld();
    instance = await world.create('postgresql', { name: 'before' });
  }, 90_000);

  const clusterOf = (osid: string) => world.kubectl.get('clusters.postgresql.cnpg.io', osid, osid);

  it('renames without a job', async () => {
    const { status, body } = await world.api.patch(instance.path, { name: 'after' });
    expect(status).toBe(200);
    expect(body).toEqual({ id: instance.osid.slice(-5), osid: instance.osid, name: 'after' });
    expect(await world.show(instance)).toMatchObject({ name: 'after' });
  });

  it('makes no job of a change that changes nothing', async () => {
    const { status, body } = await world.api.patch(instance.path, { resourceRequirementClassId: 'postgresql.c0.beff' });
    expect(status).toBe(200);
    expect(body).toEqual({ osid: instance.osid, noOp: true, message: expect.any(String) });
  });

  it('moves to another class, keeping its storage', async () => {
    const { body } = await world.api.patch(instance.path, { resourceRequirementClassId: 'postgresql.c0.small' });
    await world.completed(body['jobId']);
    expect(at(await clusterOf(instance.osid), 'spec', 'resources')).toEqual({
      requests: { cpu: '500m', memory: '1Gi' },
      limits: { cpu: '1', memory: '2Gi' },
    });
    expect(await world.show(instance)).toMatchObject({
      resourceRequirementClassId: 'postgresql.c0.small',
      storageMb: 10240,
    });
  });

  it('turns the class into custom when a number is set by hand', async () => {
    const { body } = await world.api.patch(instance.path, { cpuLimitMc: 1500 });
    expect(body['rrcFlipHint']).toEqual(expect.any(String));
    await world.completed(body['jobId']);
    expect(at(await clusterOf(instance.osid), 'spec', 'resources', 'limits', 'cpu')).toBe('1500m');
    expect(await world.show(instance)).toMatchObject({ resourceRequirementClassId: 'custom', cpuLimitMc: 1500 });
  });

  it('refuses a change made on a stale generation', async () => {
    const read = await world.api.get(instance.path);
    const etag = read.headers.get('etag') ?? '';
    expect(etag).toContain(String(read.body['generation']));
    const stale = await world.api.patch(instance.path, { cpuLimitMc: 1600 }, { headers: { 'if-match': '"1"' } });
    expect([stale.status, stale.body['code']]).toEqual([412, 'conflict.stale']);
    const fresh = await world.api.patch(instance.path, { cpuLimitMc: 1600 }, { headers: { 'if-match': etag } });
    await world.completed(fresh.body['jobId']);
  });

  it('pins a config set at creation', async () => {
    const set = await world.api.post(`/${world.dev.aid}/config-sets`, {
      name: 'tuned',
      type: 'postgresql',
      values: { shared_buffers: '256MB' },
    });
    expect([set.status, set.body['version'], set.body['isLatest']]).toEqual([201, 'v1', true]);
    const configSetId = set.body['setId'];
    const tuned = await world.create('postgresql', { configType: 'config_set', configSetId });
    expect(at(await clusterOf(tuned.osid), 'spec', 'postgresql', 'parameters', 'shared_buffers')).toBe('256MB');

    const next = await world.api.patch(`/${world.dev.aid}/config-sets/${String(configSetId)}`, {
      values: { shared_buffers: '512MB' },
    });
    expect(next.body['version']).toBe('v2');
    const restart = await world.api.patch(`${tuned.path}/restart`);
    await world.completed(restart.body['jobId']);
    expect(at(await clusterOf(tuned.osid), 'spec', 'postgresql', 'parameters', 'shared_buffers')).toBe('256MB');
    expect(await world.show(tuned)).toMatchObject({ configSetId, configSetVersion: 'v1' });
  });
});
