import type { ChangePlan } from '@runos/api';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';
import { valueAt } from './value-at.js';
import { connectToSharedPlane, type PlaneClient } from './plane-client.js';

describe('a plan on the cluster', () => {
  let planeClient: PlaneClient;
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
  });

  const plan = async (path: string, body: object): Promise<ChangePlan> => {
    const response = await planeClient.api.post(`${path}/plan`, body);
    expect(response.status).toBe(200);
    return response.body as ChangePlan;
  };

  it('of a change names the fields that the change then changes, in the spec and in the objects', async () => {
    const instance = await planeClient.create('valkey', { name: 'planned' });
    const { osid, path } = instance;
    const { generation } = await planeClient.show(instance);
    const planned = await plan(path, { cpuLimitMc: 700, replicas: 2 });
    expect(planned).toMatchObject({ osid, noOp: false, source: 'cluster', restartsPods: true, planNamespace: null });
    expect(await planeClient.show(instance)).toMatchObject({ generation, cpuLimitMc: 500 });

    const { body } = await planeClient.api.patch(path, { cpuLimitMc: 700, replicas: 2 });
    expect(body['rrcFlipHint']).toBe(planned.rrcFlipHint);
    await planeClient.waitForCompletion(body['jobId']);
    const diff = await planeClient.api.get(`${path}/revisions/1/diff`);
    expect(diff.body['changes']).toEqual(planned.changes);
    const workload = planned.objects.find(({ kind }) => kind === 'StatefulSet');
    expect(workload).toMatchObject({ action: 'changed', tried: true });
    expect(workload?.changes).toContainEqual({ field: 'spec.replicas', before: 1, after: 2 });
    const live = await planeClient.kubectl.get('statefulset', osid, osid);
    expect(valueAt(live, 'spec', 'replicas')).toBe(2);
    expect(await plan(path, { cpuLimitMc: 700 })).toMatchObject({ noOp: true, objects: [] });
  }, 240_000);

  it('of a new app names the objects that its creation then makes', async () => {
    const apps = `/${planeClient.info.aid}/${planeClient.info.cid}/apps`;
    const fields = { name: 'shop', image: 'registry.example.com/shop:1', servicePortMappings: [{ port: 8080 }] };
    const planned = await plan(apps, { ...fields, replicas: 2 });
    expect(planned).toMatchObject({ osid: null, source: 'cluster', planNamespace: 'runos-plan' });
    expect(planned.objects.filter(({ action, tried }) => action !== 'created' || !tried)).toEqual([]);
    const left = await planeClient.kubectl.run([
      'get',
      'deployments,secrets,services',
      '-n',
      'runos-plan',
      '-o',
      'name',
    ]);
    expect(left.trim()).toBe('');

    const { status, body } = await planeClient.api.post(apps, { ...fields, replicas: 2 });
    expect(status).toBe(202);
    const [osid, jobId] = [String(body['osid']), String(body['jobId'])];
    const delivered = (text: string) => text.includes('stored it');
    await eventually(`the delivery of ${osid}`, async () => (await planeClient.api.logs(jobId)).some(delivered));
    const kinds = (await planeClient.bundle(osid)).map(({ kind }) => kind);
    expect(planned.objects.map(({ kind }) => kind)).toEqual(kinds);
    // Later specs count jobs.
    await planeClient.waitForCompletion((await planeClient.api.delete(`${apps}/${osid}`)).body['jobId']);
  }, 240_000);
});
