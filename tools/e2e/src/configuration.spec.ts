import { beforeAll, describe, expect, it } from '@jest/globals';
import { valueAt } from './value-at.js';
import { connectToSharedPlane, type Instance, type PlaneClient } from './plane-client.js';

describe('the settings of a service', () => {
  let planeClient: PlaneClient;
  let sets: string;
  let setId: string;
  let instance: Instance;
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
    sets = `/${planeClient.info.aid}/config-sets`;
    const set = await planeClient.api.post(sets, {
      name: 'tuned',
      type: 'postgresql',
      values: { shared_buffers: '256MB' },
    });
    setId = String(set.body['setId']);
    instance = await planeClient.create('postgresql', { configSetId: setId });
  });

  /** The parameters that CloudNativePG gets, without those that it sets itself. */
  const liveParameters = async () => {
    const live = await planeClient.kubectl.get('clusters.postgresql.cnpg.io', instance.osid, instance.osid);
    const { shared_buffers, work_mem } = (valueAt(live, 'spec', 'postgresql', 'parameters') ?? {}) as Record<
      string,
      string
    >;
    return { shared_buffers, work_mem };
  };
  const completed = async (answer: Promise<{ status: number; body: Record<string, unknown> }>) => {
    const { status, body } = await answer;
    expect([status, body['code']]).toEqual([202, undefined]);
    await planeClient.waitForCompletion(body['jobId']);
  };

  it('are refused together as PostgreSQL refuses them at its start', async () => {
    const values = { min_wal_size: '2MB', timezone: 'Mars/Olympus', max_connections: '3' };
    for (const [key, value] of Object.entries(values)) {
      const { status, body } = await planeClient.api.post(sets, {
        name: 'bad',
        type: 'postgresql',
        values: { [key]: value },
      });
      expect([status, body['code']]).toEqual([400, 'configset.invalid']);
      expect(body['issues']).toEqual([{ path: `values.${key}`, message: expect.stringContaining(value) }]);
    }
  });

  it('reach the live Cluster in the version that an upgrade names', async () => {
    expect(await liveParameters()).toEqual({ shared_buffers: '256MB' });
    const next = await planeClient.api.patch(`${sets}/${setId}`, {
      values: { shared_buffers: '512MB', work_mem: '8MB' },
    });
    expect(next.body['version']).toBe('v2');
    await completed(planeClient.api.post(`${instance.path}/upgrade-config-set`));
    expect(await liveParameters()).toEqual({ shared_buffers: '512MB', work_mem: '8MB' });
    await completed(planeClient.api.post(`${instance.path}/upgrade-config-set`, { version: 'v1' }));
    expect(await liveParameters()).toEqual({ shared_buffers: '256MB' });
    const again = await planeClient.api.post(`${instance.path}/upgrade-config-set`, { version: 'v1' });
    expect([again.status, again.body['noOp']]).toEqual([200, true]);
  });

  it('are custom after a conversion, and set one by one', async () => {
    const own = { work_mem: '16MB' };
    const refused = await planeClient.api.post(`${instance.path}/set-advanced-configs`, own);
    expect([refused.status, refused.body['code']]).toEqual([400, 'configset.invalid']);
    const inUse = await planeClient.api.delete(`${sets}/${setId}`);
    expect([inUse.status, inUse.body['code'], inUse.body['osids']]).toEqual([409, 'configset.in_use', [instance.osid]]);
    await completed(planeClient.api.patch(`${instance.path}/convert-to-custom`));
    expect(await planeClient.show(instance)).toMatchObject({ configType: 'custom', configSetId: null });
    await completed(planeClient.api.post(`${instance.path}/set-advanced-configs`, own));
    expect(await liveParameters()).toEqual({ shared_buffers: '256MB', work_mem: '16MB' });
    await completed(planeClient.api.post(`${instance.path}/set-advanced-configs`, { shared_buffers: '' }));
    expect(await liveParameters()).toEqual({ work_mem: '16MB' });
    await planeClient.showOnce(instance, { advanced: own, status: 'healthy' });
  });

  it('are of no config set any more, which can be deleted', async () => {
    const deleted = await planeClient.api.delete(`${sets}/${setId}`);
    expect([deleted.status, deleted.body]).toEqual([200, { setId, name: 'tuned' }]);
    const gone = await planeClient.api.get(`${sets}/${setId}`);
    expect([gone.status, gone.body['code']]).toEqual([404, 'configset.not_found']);
  });
});
