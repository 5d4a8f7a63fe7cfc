import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';
import { connectToSharedPlane, type PlaneClient } from './plane-client.js';
import { valueAt } from './value-at.js';

/** No name below `invalid` has an address (RFC 2606), so the control plane does not reach the registry. */
const host = 'registry.invalid:5000';

describe('the pull credentials of a registry', () => {
  let planeClient: PlaneClient;
  let registries: string;
  let apps: string;
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
    const { aid, cid } = planeClient.info;
    [registries, apps] = [`/${aid}/registries`, `/${aid}/${cid}/apps`];
  });

  it('are in the cluster of each app with its images, as long as the account has them', async () => {
    const { api, kubectl } = planeClient;
    const created = await api.post(apps, { image: `${host}/acme/shop:1.4`, servicePortMappings: [{ port: 8080 }] });
    await planeClient.waitForCompletion(created.body['jobId']);
    const osid = String(created.body['osid']);
    const secretName = `${osid}-pull-credentials`;
    const passwordIn = async (): Promise<unknown> => {
      const secret = await kubectl.get('secret', secretName, osid);
      if (secret === undefined) return undefined;
      const text = Buffer.from(String(valueAt(secret, 'data', '.dockerconfigjson')), 'base64').toString('utf8');
      return valueAt(JSON.parse(text), 'auths', host, 'password');
    };
    const template = async () => valueAt(await kubectl.get('deployment', osid, osid), 'spec', 'template', 'spec');
    const until = (password: string | undefined) =>
      eventually(`the password ${password === undefined ? 'to be deleted' : 'in the cluster'}`, async () =>
        (await passwordIn()) === password ? true : undefined,
      );

    const added = await api.post(registries, { host, username: 'acme', password: 'first-Rb81k-password' });
    expect([added.status, added.body]).toEqual([
      201,
      expect.objectContaining({ host, affectedApps: 1, check: expect.objectContaining({ status: 'unreachable' }) }),
    ]);
    await until('first-Rb81k-password');
    const pulling = await eventually('the pods to have the credentials', async () => {
      const spec = await template();
      return valueAt(spec, 'imagePullSecrets') === undefined ? undefined : spec;
    });
    expect(pulling).toMatchObject({ imagePullSecrets: [{ name: secretName }] });

    const planned = await api.post(`${apps}/plan`, { image: `${host}/acme/other:1`, replicas: 1 });
    const refused = (planned.body['objects'] as Record<string, unknown>[]).filter(({ action }) => action !== 'created');
    expect([planned.body['source'], refused]).toEqual(['cluster', []]);
    expect(JSON.stringify(planned.body)).not.toContain('Rb81k');

    const one = `${registries}/${String(added.body['id'])}`;
    const changed = await api.patch(one, { password: 'second-Rb81k-password' });
    expect([changed.status, changed.body['affectedApps']]).toEqual([200, 1]);
    await until('second-Rb81k-password');
    expect(await template()).toEqual(pulling);

    const deleted = await api.delete(one);
    expect([deleted.status, deleted.body]).toEqual([200, expect.objectContaining({ host, affectedApps: 1 })]);
    await until(undefined);
    expect((await api.get(one)).body['code']).toBe('registry.not_found');
    const updates = await eventually('a job of each change', async () => {
      const jobs = (await api.get(`/${planeClient.info.aid}/jobs`)).body['jobs'] as Record<string, unknown>[];
      const ofApp = jobs.filter((job) => job['osid'] === osid && job['type'] === 'app.update');
      return ofApp.length >= 3 && ofApp;
    });
    expect(updates).toHaveLength(3);
  }, 240_000);
});
