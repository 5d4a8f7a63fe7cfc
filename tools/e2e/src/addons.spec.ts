import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';
import { connectToSharedPlane, type PlaneClient } from './plane-client.js';

const operator = ['deployment', 'user-operator', '--namespace=default'];

describe('the add-ons of a cluster', () => {
  let planeClient: PlaneClient;
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
  });
  afterAll(() => planeClient.kubectl.run(['delete', ...operator, '--ignore-not-found', '--wait=false']));

  const cloudNativePg = async () => {
    const { aid, cid } = planeClient.info;
    const { body } = await planeClient.api.get(`/${aid}/clusters/${cid}/addons`);
    return (body['addons'] as Record<string, unknown>[]).find(({ name }) => name === 'cloudnative-pg');
  };
  const inVersion = (version: string | null) =>
    eventually(`CloudNativePG in version ${version}`, 20_000, async () => {
      const addon = await cloudNativePg();
      return addon?.['state'] === 'present' && addon['version'] === version && addon;
    });

  it('are those that its agent finds, also an operator of a user', async () => {
    expect(await inVersion(null)).toMatchObject({ owner: 'user', neededBy: ['postgresql'] }); // CRDs only
    const image = '--image=ghcr.io/cloudnative-pg/cloudnative-pg:1.26.1';
    await planeClient.kubectl.run(['create', ...operator, image, '--replicas=0']);
    expect(await inVersion('1.26.1')).toMatchObject({ owner: 'user' });
    await planeClient.kubectl.run(['delete', ...operator]);
    await inVersion(null);
  }, 90_000);
});
