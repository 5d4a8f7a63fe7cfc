import { beforeAll, describe, expect, it } from '@jest/globals';
import { valueAt } from './value-at.js';
import { connectToSharedPlane, type PlaneClient } from './plane-client.js';

describe('creating a service', () => {
  let planeClient: PlaneClient;
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
  });

  const decoded = (secret: unknown, key: string) =>
    Buffer.from(String(valueAt(secret, 'data', key)), 'base64').toString();

  /** The objects that a repeated apply by the field manager `runos` would change. */
  async function changedByApplyingAgain(osid: string): Promise<string[]> {
    const objects = await planeClient.bundle(osid);
    const output = await planeClient.kubectl.apply(
      objects,
      'runos',
      '--dry-run=server',
      '--show-managed-fields',
      '-o',
      'json',
    );
    const after = JSON.parse(output) as { items?: unknown[] };
    const changed: string[] = [];
    for (const object of after.items ?? [after]) {
      const [kind, name] = [String(valueAt(object, 'kind')), String(valueAt(object, 'metadata', 'name'))];
      const live = await planeClient.kubectl.get(
        kind,
        name,
        valueAt(object, 'metadata', 'namespace') as string | undefined,
      );
      const same = valueAt(live, 'metadata', 'resourceVersion') === valueAt(object, 'metadata', 'resourceVersion');
      if (!same) changed.push(`${kind}/${name}`);
    }
    return changed;
  }

  it('creates a PostgreSQL exactly as requested', async () => {
    const answer = await planeClient.api.post(`${planeClient.services}/postgresql`, { name: 'orders' });
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^[a-z0-9]{5}$/),
      osid: `postgresql-${String(answer.body['id'])}`,
      name: 'orders',
      status: 'pending',
      jobId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    const osid = String(answer.body['osid']);
    const path = `${planeClient.services}/postgresql/${String(answer.body['id'])}`;

    const job = await planeClient.waitForCompletion(answer.body['jobId']);
    expect(job).toMatchObject({
      type: 'service.create',
      osid,
      cid: planeClient.info.cid,
      aid: planeClient.info.aid,
      error: null,
    });

    const namespace = await planeClient.kubectl.get('namespace', osid);
    expect(valueAt(namespace, 'metadata', 'labels')).toMatchObject({
      'runos.com/osid': osid,
      'runos.com/aid': planeClient.info.aid,
      'runos.com/cid': planeClient.info.cid,
      'app.kubernetes.io/managed-by': 'runos',
    });

    const cluster = await planeClient.kubectl.get('clusters.postgresql.cnpg.io', osid, osid);
    expect(valueAt(cluster, 'spec', 'instances')).toBe(1);
    expect(valueAt(cluster, 'spec', 'storage', 'size')).toBe('10Gi');
    expect(valueAt(cluster, 'spec', 'resources')).toEqual({
      requests: { cpu: '0', memory: '0' },
      limits: { cpu: '1', memory: '2Gi' },
    });

    const credentials = (await planeClient.api.get(`${path}/credentials`)).body;
    expect(credentials).toMatchObject({ host: `${osid}-rw.${osid}.svc`, port: 5432, database: 'app', username: 'app' });
    const secretName = String(valueAt(cluster, 'spec', 'bootstrap', 'initdb', 'secret', 'name'));
    const secret = await planeClient.kubectl.get('secret', secretName, osid);
    expect(decoded(secret, 'password')).toBe(credentials['password']);
    expect(decoded(secret, 'username')).toBe('app');

    await planeClient.api.once(path, { status: 'healthy', observedGeneration: 1, generation: 1 });
    await planeClient.api.once(`${path}/status`, { state: 'healthy', replicas: { desired: 1, ready: 1 } });
    expect(await changedByApplyingAgain(osid)).toEqual([]);
  });

  it('creates a Valkey exactly as requested', async () => {
    const instance = await planeClient.create('valkey', { name: 'cache' });
    const set = await planeClient.kubectl.get('statefulset', instance.osid, instance.osid);
    expect(valueAt(set, 'spec', 'replicas')).toBe(1);
    const container = valueAt(set, 'spec', 'template', 'spec', 'containers', 0);
    expect(valueAt(container, 'resources')).toEqual({
      requests: { cpu: '0', memory: '0' },
      limits: { cpu: '500m', memory: '512Mi' },
    });
    expect(valueAt(set, 'spec', 'volumeClaimTemplates', 0, 'spec', 'resources', 'requests', 'storage')).toBe('1Gi');

    const credentials = (await planeClient.api.get(`${instance.path}/credentials`)).body;
    expect(credentials['host']).toBe(`${instance.osid}.${instance.osid}.svc`);
    expect(await planeClient.kubectl.get('service', instance.osid, instance.osid)).toBeDefined();
    const list = await planeClient.kubectl.run(['get', 'secrets', '-n', instance.osid, '-o', 'json']);
    const secrets = JSON.parse(list) as { items: object[] };
    const values = secrets.items.flatMap((secret) =>
      Object.keys((valueAt(secret, 'data') as object | undefined) ?? {}).map((key) => decoded(secret, key)),
    );
    expect(values).toContain(credentials['password']);

    await planeClient.showOnce(instance, { status: 'healthy', resourceRequirementClassId: 'valkey.c0.beff' });
    expect(await changedByApplyingAgain(instance.osid)).toEqual([]);
  });

  it('repeats the response for the same Idempotency-Key, and creates nothing twice', async () => {
    const headers = { 'idempotency-key': `e2e-${Date.now()}` };
    const send = (name: string) => planeClient.api.post(`${planeClient.services}/valkey`, { name }, { headers });
    const [first, second] = await Promise.all([send('once'), send('once')]);
    expect(second?.body).toEqual(first?.body);
    const other = await send('another');
    expect([other.status, other.body['code']]).toEqual([409, 'conflict.idempotency']);
    await planeClient.waitForCompletion(first?.body['jobId']);
  });
});
