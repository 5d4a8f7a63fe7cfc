import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';
import { valueAt } from './value-at.js';
import { connectToSharedPlane, type PlaneClient } from './plane-client.js';

const operator = ['deployment', 'user-operator', '--namespace=default'];

describe('the add-ons of a cluster', () => {
  let planeClient: PlaneClient;
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
  });
  afterAll(() => planeClient.kubectl.run(['delete', ...operator, '--ignore-not-found', '--wait=false']));

  const find = async (addon: string) => {
    const { aid, cid } = planeClient.info;
    const { body } = await planeClient.api.get(`/${aid}/clusters/${cid}/addons`);
    return (body['addons'] as Record<string, unknown>[]).find(({ name }) => name === addon);
  };
  const cloudNativePg = () => find('cloudnative-pg');
  const inVersion = (version: unknown) =>
    eventually(`CloudNativePG in version ${String(version)}`, async () => {
      const addon = await cloudNativePg();
      return addon?.['state'] === 'present' && addon['version'] === version && addon;
    });
  /** CRDs alone show no version, so it is the one that RunOS has applied. */
  const installed = async () => inVersion((await cloudNativePg())?.['neededVersion']);
  const path = (name = 'cloudnative-pg') => `/${planeClient.info.aid}/clusters/${planeClient.info.cid}/addons/${name}`;

  it('are installed by the plane: on simulated nodes only the CRDs, with the labels of RunOS', async () => {
    const { body } = await planeClient.api.post(path());
    await planeClient.waitForCompletion(body['jobId']);
    expect(await installed()).toMatchObject({ owner: 'runos', desired: 'installed', neededBy: ['postgresql'] });
    const crd = await planeClient.kubectl.get('crd', 'clusters.postgresql.cnpg.io');
    expect(valueAt(crd, 'metadata', 'labels', 'runos.com/addon')).toBe('cloudnative-pg');
  });

  it('are not removed while an instance needs them', async () => {
    await planeClient.create('postgresql');
    const { status, body } = await planeClient.api.delete(path());
    expect([status, body['code']]).toEqual([409, 'service.in_use']);
    // Not more than ten, and other specs have made some too.
    const osids = body['osids'] as string[];
    expect(osids.length).toBeGreaterThan(0);
    expect(osids.filter((osid) => !osid.startsWith('postgresql-'))).toEqual([]);
  });

  it('are those that its agent finds, also an operator of a user, which is never changed', async () => {
    const image = '--image=ghcr.io/cloudnative-pg/cloudnative-pg:1.26.1';
    await planeClient.kubectl.run(['create', ...operator, image, '--replicas=0']);
    expect(await inVersion('1.26.1')).toMatchObject({ owner: 'user' });
    const { status, body } = await planeClient.api.post(path());
    expect([status, body['code']]).toEqual([409, 'addon.present']);
    await planeClient.kubectl.run(['delete', ...operator]);
    expect(await installed()).toMatchObject({ owner: 'runos' });
  });

  it.each([
    ['gateway-api', '1.4.1'],
    ['cert-manager', null], // these CRDs do not name their version
  ])('are CRDs of a user alone, as those of %s, which are never changed', async (name, version) => {
    const addon = await eventually(`${name} is present`, async () => {
      const found = await find(name);
      return found?.['state'] === 'present' && found;
    });
    expect(addon).toMatchObject({ owner: 'user', version, installable: true, desired: null });
    const { status, body } = await planeClient.api.post(path(name));
    expect([status, body['code']]).toEqual([409, 'addon.present']);
    expect((await planeClient.api.delete(path(name))).status).toBe(409);
  });
});
