import { beforeAll, describe, expect, it } from '@jest/globals';
import { valueAt } from './value-at.js';
import { connectToSharedPlane, type PlaneClient } from './plane-client.js';

describe('a claim that is deleted while its pod runs', () => {
  let planeClient: PlaneClient;
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
  });

  it('is reported, keeps its data until a request is forced, and is then reported as lost', async () => {
    const instance = await planeClient.create('valkey', { name: 'precious' });
    const { osid, path } = instance;
    const claim = `data-${osid}-0`;
    const uidOf = async () => valueAt(await planeClient.kubectl.get('pvc', claim, osid), 'metadata', 'uid');
    const uid = await uidOf();
    await planeClient.kubectl.run(['delete', 'pvc', claim, '-n', osid, '--wait=false']);

    const event = await planeClient.event(instance, ({ type }) => type === 'DataAtRisk');
    expect(event['message']).toContain(`PersistentVolumeClaim ${claim} is being deleted`);
    const shown = await planeClient.showOnce(instance, { status: 'degraded', reason: 'ClaimTerminating' });
    expect(shown).toMatchObject({ message: event['message'] });
    expect(shown['conditions']).toContainEqual(expect.objectContaining({ type: 'DataAtRisk', status: 'True' }));

    const refused = await planeClient.api.patch(path, { cpuLimitMc: 700 });
    expect(refused).toMatchObject({ status: 409, body: { code: 'conflict.data_loss' } });
    expect(String(refused.body['error'])).toContain('?force=true');
    expect((await planeClient.api.patch(`${path}/restart`)).status).toBe(409);
    expect(await uidOf()).toBe(uid);

    const forced = await planeClient.api.patch(`${path}?force=true`, { cpuLimitMc: 700 });
    expect(forced.status).toBe(202);
    await planeClient.event(instance, ({ type }) => type === 'DataLost');
    await planeClient.waitForCompletion(forced.body['jobId']);
    await planeClient.showOnce(instance, { status: 'healthy' });
    expect(await uidOf()).not.toBe(uid);
  }, 240_000);
});
