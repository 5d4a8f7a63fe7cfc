import { beforeAll, describe, expect, it } from '@jest/globals';
import { valueAt } from './value-at.js';
import { type Instance, connectToSharedPlane, type PlaneClient } from './plane-client.js';

describe('changing a service', () => {
  let planeClient: PlaneClient;
  let instance: Instance;
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
    instance = await planeClient.create('postgresql', { name: 'before' });
  });

  const clusterOf = (osid: string) => planeClient.kubectl.get('clusters.postgresql.cnpg.io', osid, osid);

  it('renames without a job', async () => {
    const { status, body } = await planeClient.api.patch(instance.path, { name: 'after' });
    expect(status).toBe(200);
    expect(body).toEqual({ id: instance.osid.slice(-5), osid: instance.osid, name: 'after' });
    expect(await planeClient.show(instance)).toMatchObject({ name: 'after' });
  });

  it('creates no job for a change without effect', async () => {
    const { status, body } = await planeClient.api.patch(instance.path, {
      resourceRequirementClassId: 'postgresql.c0.beff',
    });
    expect(status).toBe(200);
    expect(body).toEqual({ osid: instance.osid, noOp: true, message: expect.any(String) });
  });

  it('moves to another class, keeping its storage', async () => {
    const { body } = await planeClient.api.patch(instance.path, { resourceRequirementClassId: 'postgresql.c0.small' });
    await planeClient.waitForCompletion(body['jobId']);
    expect(valueAt(await clusterOf(instance.osid), 'spec', 'resources')).toEqual({
      requests: { cpu: '500m', memory: '1Gi' },
      limits: { cpu: '1', memory: '2Gi' },
    });
    expect(await planeClient.show(instance)).toMatchObject({
      resourceRequirementClassId: 'postgresql.c0.small',
      storageMb: 10240,
    });
  });

  it('changes the class to custom when a number is set explicitly', async () => {
    const { body } = await planeClient.api.patch(instance.path, { cpuLimitMc: 1500 });
    expect(body['rrcFlipHint']).toEqual(expect.any(String));
    await planeClient.waitForCompletion(body['jobId']);
    expect(valueAt(await clusterOf(instance.osid), 'spec', 'resources', 'limits', 'cpu')).toBe('1500m');
    expect(await planeClient.show(instance)).toMatchObject({ resourceRequirementClassId: 'custom', cpuLimitMc: 1500 });
  });

  it('rejects a change of a stale generation', async () => {
    const read = await planeClient.api.get(instance.path);
    const etag = read.headers.get('etag') ?? '';
    expect(etag).toContain(String(read.body['generation']));
    const stale = await planeClient.api.patch(instance.path, { cpuLimitMc: 1600 }, { headers: { 'if-match': '"1"' } });
    expect([stale.status, stale.body['code']]).toEqual([412, 'conflict.stale']);
    const fresh = await planeClient.api.patch(instance.path, { cpuLimitMc: 1600 }, { headers: { 'if-match': etag } });
    await planeClient.waitForCompletion(fresh.body['jobId']);
  });

  it('goes back to an earlier revision, on the cluster too', async () => {
    const { revisions } = (await planeClient.api.get(`${instance.path}/revisions`)).body as {
      revisions: { revision: number }[];
    };
    expect(revisions.map(({ revision }) => revision)).toEqual([4, 3, 2, 1]);
    const diff = await planeClient.api.get(`${instance.path}/revisions/2/diff`);
    expect(diff.body['changes']).toContainEqual({ field: 'cpuLimitMc', before: 1000, after: 1600 });
    const { status, body } = await planeClient.api.post(`${instance.path}/rollback`, { revision: 2 });
    expect([status, body['kept']]).toEqual([202, ['name']]);
    await planeClient.waitForCompletion(body['jobId']);
    expect(valueAt(await clusterOf(instance.osid), 'spec', 'resources', 'limits', 'cpu')).toBe('1');
    expect(await planeClient.show(instance)).toMatchObject({ resourceRequirementClassId: 'postgresql.c0.small' });
    const missing = await planeClient.api.post(`${instance.path}/rollback`, { revision: 99 });
    expect([missing.status, missing.body['code']]).toEqual([404, 'revision.not_found']);
  });

  it('pins a config set at creation', async () => {
    const set = await planeClient.api.post(`/${planeClient.info.aid}/config-sets`, {
      name: 'tuned',
      type: 'postgresql',
      values: { shared_buffers: '256MB' },
    });
    expect([set.status, set.body['version'], set.body['isLatest']]).toEqual([201, 'v1', true]);
    const configSetId = set.body['setId'];
    const tuned = await planeClient.create('postgresql', { configType: 'config_set', configSetId });
    expect(valueAt(await clusterOf(tuned.osid), 'spec', 'postgresql', 'parameters', 'shared_buffers')).toBe('256MB');

    const next = await planeClient.api.patch(`/${planeClient.info.aid}/config-sets/${String(configSetId)}`, {
      values: { shared_buffers: '512MB' },
    });
    expect(next.body['version']).toBe('v2');
    const restart = await planeClient.api.patch(`${tuned.path}/restart`);
    await planeClient.waitForCompletion(restart.body['jobId']);
    expect(valueAt(await clusterOf(tuned.osid), 'spec', 'postgresql', 'parameters', 'shared_buffers')).toBe('256MB');
    expect(await planeClient.show(tuned)).toMatchObject({ configSetId, configSetVersion: 'v1' });
  });
});
