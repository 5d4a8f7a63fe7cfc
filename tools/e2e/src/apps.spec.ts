import { beforeAll, describe, expect, it } from '@jest/globals';
import { connectToSharedPlane, type PlaneClient } from './plane-client.js';
import { eventually } from './eventually.js';
import { valueAt } from './value-at.js';

interface App {
  readonly id: string;
  readonly osid: string;
  readonly path: string;
}

const image = 'ghcr.io/acme/shop:1.4';

describe('an app', () => {
  let planeClient: PlaneClient;
  let apps: string;
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
    apps = `/${planeClient.info.aid}/${planeClient.info.cid}/apps`;
  });

  const create = async (fields: Record<string, unknown> = {}): Promise<App> => {
    const { status, body } = await planeClient.api.post(apps, { image, ...fields });
    expect([status, body]).toEqual([202, expect.objectContaining({ status: 'pending' })]);
    await planeClient.waitForCompletion(body['jobId']);
    return { id: String(body['id']), osid: String(body['osid']), path: `${apps}/${String(body['id'])}` };
  };
  const post = async (path: string, fields: Record<string, unknown>) => {
    const { status, body } = await planeClient.api.post(path, fields);
    expect([status, body]).toEqual([202, { jobId: expect.any(String) }]);
    await planeClient.waitForCompletion(body['jobId']);
  };
  const live = (kind: string, { osid }: App, suffix = '') => planeClient.kubectl.get(kind, `${osid}${suffix}`, osid);
  /** Its pods that are not ending, by uid. */
  const podsOf = async ({ osid }: App) => {
    const list = await planeClient.kubectl.run(['get', 'pods', '-n', osid, '-o', 'json']);
    const { items } = JSON.parse(list) as { items: { metadata: { uid: string; deletionTimestamp?: string } }[] };
    const live = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    return live.map(({ metadata }) => metadata.uid).sort();
  };

  it('runs with its ports, in a namespace that is closed to others', async () => {
    const one = await create({
      name: 'shop',
      resourceRequirementClassId: 'app.sl2.small',
      servicePortMappings: [{ port: 8080 }],
      healthCheck: 'standard',
      healthCheckPath: '/up',
    });
    const body = await planeClient.api.once(one.path, { status: 'healthy' });
    expect(body).toMatchObject({
      name: 'shop',
      image,
      replicas: 2,
      servicePortMappings: [{ port: 8080, standardHttps: true, domains: [] }],
    });
    expect(body).not.toHaveProperty('deploymentStrategy');
    const deployment = await live('deployment', one);
    expect(valueAt(deployment, 'status', 'readyReplicas')).toBe(2);
    expect(valueAt(deployment, 'spec', 'template', 'spec', 'automountServiceAccountToken')).toBe(false);
    expect(valueAt(await live('service', one), 'spec', 'ports')).toMatchObject([{ port: 8080, targetPort: 8080 }]);
    expect(valueAt(await live('poddisruptionbudget', one), 'spec', 'maxUnavailable')).toBe(1);
    expect(valueAt(await live('networkpolicy', one), 'spec', 'policyTypes')).toEqual(['Ingress']);
  });

  it('gets new pods for a changed variable only', async () => {
    const one = await create();
    const before = await podsOf(one);
    await post(`${one.path}/env-vars`, { envVars: { MODE: 'fast' } });
    const after = await podsOf(one);
    expect(after).not.toEqual(before);
    expect(valueAt(await live('configmap', one, '-user-env-vars'), 'data')).toEqual({ MODE: 'fast' });
    const again = await planeClient.api.post(`${one.path}/env-vars`, { envVars: { MODE: 'fast' } });
    expect([again.status, again.body['noOp']]).toEqual([200, true]);
    expect(await podsOf(one)).toEqual(after);
    const { status, body } = await planeClient.api.patch(`${one.path}?merge=true`, { sourceDir: '..' });
    expect([status, body]).toEqual([200, { id: one.id, osid: one.osid, name: one.osid }]);
    expect((await planeClient.api.get(one.path)).body).toMatchObject({ sourceDir: '..' });
  });

  it('takes the whole file of an existing client, and shows what that compares', async () => {
    const written = {
      name: 'shop',
      image,
      resourceRequirementClassId: 'app.sl1.small',
      servicePortMappings: [
        {
          port: 8080,
          standardHttps: true,
          domains: [{ fqdn: 'shop.example.net', enableCloudflareProxy: true }],
        },
      ],
      healthCheck: 'standard',
      healthCheckPort: 8080,
      healthCheckPath: '/up',
      metricsPort: 9090,
      metricsPath: '/metrics',
      deploymentStrategy: 'zero-downtime',
      sourceDir: '..',
      dockerfile: 'Dockerfile',
      configPath: 'runos.yaml',
      buildArgs: { MODE: 'fast', NOTE: 'ü "quoted"\r\n\ttwo lines' },
    };
    const one = await create({ ...written, deployType: 'image', clusterDomainId: '', requires: {} });
    const { body } = await planeClient.api.get(one.path);
    expect(body).toMatchObject({ ...written, deployType: 'image', replicas: 1, memoryLimitMb: 512 });
    const { servicePortMappings, sourceDir, dockerfile, deploymentStrategy } = written;
    const synced = {
      servicePortMappings,
      sourceDir,
      dockerfile,
      deploymentStrategy,
      clusterDomainId: '',
      requires: {},
    };
    const healthAndMetrics = {
      healthCheck: 'standard',
      healthCheckPort: 8080,
      healthCheckPath: '/up',
      metricsPort: 9090,
      metricsPath: '/metrics',
    };
    const same = await planeClient.api.patch(one.path, { ...synced, ...healthAndMetrics });
    expect([same.status, same.body['noOp']]).toEqual([200, true]);
    expect((await planeClient.api.get(`${one.path}/cli-archives`)).body).toEqual({
      cid: planeClient.info.cid,
      appId: one.id,
      appName: 'shop',
      archives: [],
    });
    for (const unbuilt of [{ deployType: 'vcs' }, { clusterDomainId: 'd1' }]) {
      const refused = await planeClient.api.patch(`${one.path}?merge=true`, unbuilt);
      expect([refused.status, refused.body['code']]).toEqual([400, 'request.invalid']);
    }
  });

  it('gets the credentials of a service that it requires', async () => {
    const cache = await planeClient.create('valkey');
    const { body: credentials } = await planeClient.api.get(`${cache.path}/credentials`);
    const env = { url: 'CACHE_URL' };
    const one = await create({ requires: { cache: { type: 'valkey', id: cache.osid, env } } });
    const data = valueAt(await live('secret', one, '-user-secret-env-vars'), 'data') as Record<string, string>;
    expect(Buffer.from(data['CACHE_URL'] ?? '', 'base64').toString('utf8')).toBe(credentials['url']);
    const refused = await planeClient.api.delete(cache.path);
    expect([refused.status, refused.body['code']]).toEqual([409, 'service.in_use']);
  });

  it('loses what others add to its containers and variables', async () => {
    const one = await create();
    const added = { data: { INJECTED: 'yes' } };
    await planeClient.kubectl.patch('configmap', `${one.osid}-user-env-vars`, one.osid, added, 'by-hand');
    await eventually('the variable to be removed', async () => {
      const data = valueAt(await live('configmap', one, '-user-env-vars'), 'data') ?? {};
      return Object.keys(data as object).length === 0 ? true : undefined;
    });
    await eventually('its event', async () => {
      const { body } = await planeClient.api.get(`${one.path}/events`);
      const events = body['events'] as { manager?: string; fields: string[] }[];
      return events.find(({ manager, fields }) => manager === 'by-hand' && fields.includes('data.INJECTED'));
    });
  });

  it('goes with everything in its namespace', async () => {
    const one = await create();
    const { status, body } = await planeClient.api.delete(one.path);
    expect(status).toBe(202);
    await planeClient.waitForCompletion(body['jobId']);
    expect((await planeClient.api.get(one.path)).body).toMatchObject({ code: 'app.not_found' });
    expect(await planeClient.kubectl.get('namespace', one.osid)).toBeUndefined();
  });
});
