import { beforeAll, describe, expect, it } from '@jest/globals';
import { at } from './kubectl.js';
import { sharedWorld, type World } from './world.js';

describe('creating a service', () => {
  let world: World;
  beforeAll(async () => {
    world = await sharedWorld();
  });

  const decoded = (secret: unknown, key: string) => Buffer.from(String(at(secret, 'data', key)), 'base64').toString();

  /** What our field manager would change if it applied the same objects once more. */
  async function changedByApplyingAgain(osid: string): Promise<string[]> {
    const objects = await world.bundle(osid);
    const said = await world.kubectl.apply(objects, 'runos', '--dry-run=server', '--show-managed-fields', '-o', 'json');
    const after = JSON.parse(said) as { items?: unknown[] };
    const changed: string[] = [];
    for (const object of after.items ?? [after]) {
      const [kind, name] = [String(at(object, 'kind')), String(at(object, 'metadata', 'name'))];
      const live = await world.kubectl.get(kind, name, at(object, 'metadata', 'namespace') as string | undefined);
      const same = at(live, 'metadata', 'resourceVersion') === at(object, 'metadata', 'resourceVersion');
      if (!same) changed.push(`${kind}/${name}`);
    }
    return changed;
  }

  it('brings up a PostgreSQL exactly as asked', async () => {
    const answer = await world.api.post(`${world.services}/postgresql`, { name: 'orders' });
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^[a-z0-9]{5}$/),
      osid: `postgresql-${String(answer.body['id'])}`,
      name: 'orders',
      status: 'pending',
      jobId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    const osid = String(answer.body['osid']);
    const path = `${world.services}/postgresql/${String(answer.body['id'])}`;

    const job = await world.completed(answer.body['jobId']);
    expect(job).toMatchObject({ type: 'service.create', osid, cid: world.dev.cid, aid: world.dev.aid, error: null });

    const namespace = await world.kubectl.get('namespace', osid);
    expect(at(namespace, 'metadata', 'labels')).toMatchObject({
      'runos.com/osid': osid,
      'runos.com/aid': world.dev.aid,
      'runos.com/cid': world.dev.cid,
      'app.kubernetes.io/managed-by': 'runos',
    });

    const cluster = await world.kubectl.get('clusters.postgresql.cnpg.io', osid, osid);
    expect(at(cluster, 'spec', 'instances')).toBe(1);
    expect(at(cluster, 'spec', 'storage', 'size')).toBe('10Gi');
    expect(at(cluster, 'spec', 'resources')).toEqual({
      requests: { cpu: '0', memory: '0' },
      limits: { cpu: '1', memory: '2Gi' },
    });

    const credentials = (await world.api.get(`${path}/credentials`)).body;
    expect(credentials).toMatchObject({ host: `${osid}-rw.${osid}.svc`, port: 5432, database: 'app', username: 'app' });
    const secretName = String(at(cluster, 'spec', 'bootstrap', 'initdb', 'secret', 'name'));
    const secret = await world.kubectl.get('secret', secretName, osid);
    expect(decoded(secret, 'password')).toBe(credentials['password']);
    expect(decoded(secret, 'username')).toBe('app');

    expect((await world.api.get(path)).body).toMatchObject({ status: 'healthy', observedGeneration: 1, generation: 1 });
    expect((await world.api.get(`${path}/status`)).body).toMatchObject({
      state: 'healthy',
      replicas: { desired: 1, ready: 1 },
    });
    expect(await changedByApplyingAgain(osid)).toEqual([]);
  });

  it('brings up a Valkey exactly as asked', async () => {
    const instance = await world.create('valkey', { name: 'cache' });
    const set = await world.kubectl.get('statefulset', instance.osid, instance.osid);
    expect(at(set, 'spec', 'replicas')).toBe(1);
    const container = at(set, 'spec', 'template', 'spec', 'containers', 0);
    expect(at(container, 'resources')).toEqual({
      requests: { cpu: '0', memory: '0' },
      limits: { cpu: '500m', memory: '512Mi' },
    });
    expect(at(set, 'spec', 'volumeClaimTemplates', 0, 'spec', 'resources', 'requests', 'storage')).toBe('1Gi');

    const credentials = (await world.api.get(`${instance.path}/credentials`)).body;
    expect(credentials['host']).toBe(`${instance.osid}.${instance.osid}.svc`);
    expect(await world.kubectl.get('service', instance.osid, instance.osid)).toBeDefined();
    const secrets = JSON.parse(await world.kubectl.run(['get', 'secrets', '-n', instance.osid, '-o', 'json']));
    const values = (secrets.items as object[]).flatMap((secret) =>
      Object.keys((at(secret, 'data') as object | undefined) ?? {}).map((key) => decoded(secret, key)),
    );
    expect(values).toContain(credentials['password']);

    expect(await world.show(instance)).toMatchObject({
      status: 'healthy',
      resourceRequirementClassId: 'valkey.c0.beff',
    });
    expect(await changedByApplyingAgain(instance.osid)).toEqual([]);
  });

  it('answers the same to the same Idempotency-Key, and makes nothing twice', async () => {
    const headers = { 'idempotency-key': `e2e-${Date.now()}` };
    const send = (name: string) => world.api.post(`${world.services}/valkey`, { name }, { headers });
    const [first, second] = await Promise.all([send('once'), send('once')]);
    expect(second?.body).toEqual(first?.body);
    const other = await send('another');
    expect([other.status, other.body['code']]).toEqual([409, 'conflict.idempotency']);
    await world.completed(first?.body['jobId']);
  });
});
