import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';
import { valueAt } from './value-at.js';
import { Plane } from './plane.js';
import { type Instance, PlaneClient } from './plane-client.js';
import { withSql } from './plane-data.js';

const command = resolve(import.meta.dirname, '../../start/dist/plane.js');
/** The services with a connection to the database, in the order in which they are started. */
const services = ['identity', 'config-sets', 'jobs', 'reconciler', 'agent-gateway'];

describe('a plane whose database is restored from a backup', () => {
  let plane: Plane;
  let client: PlaneClient;
  beforeAll(async () => {
    plane = await Plane.create();
    await plane.start();
    client = await PlaneClient.connect(plane.data);
  });
  afterAll(() => plane.finish());

  const control = (verb: 'stop' | 'start', name: string) =>
    promisify(execFile)(process.execPath, [command, verb, name, '--data', plane.data]);

  /** Runs statements on the server of the database while no service is connected to it. */
  async function offline(statements: (name: string) => readonly string[], afterwards?: () => Promise<void>) {
    const url = new URL(client.info.databaseUrl);
    const name = decodeURIComponent(url.pathname.slice(1));
    url.pathname = '/template1';
    for (const service of services.toReversed()) await control('stop', service);
    await withSql(url.href, async (sql) => {
      for (const statement of statements(name)) await sql.query(statement);
    });
    await afterwards?.();
    for (const service of services) await control('start', service);
  }

  const backUp = () => offline((name) => [`CREATE DATABASE backup TEMPLATE "${name}"`]);
  const restore = () =>
    offline(
      (name) => [`DROP DATABASE "${name}" WITH (FORCE)`, `ALTER DATABASE backup RENAME TO "${name}"`],
      async () => {
        await control('stop', 'nats');
        await rm(join(plane.data, 'nats'), { recursive: true });
        await control('start', 'nats');
      },
    );

  const createApp = async (name: string): Promise<Instance> => {
    const { status, body } = await client.api.post(client.apps, { name, image: 'ghcr.io/acme/shop:1.4' });
    expect([status, body]).toEqual([202, expect.objectContaining({ status: 'pending' })]);
    await client.waitForCompletion(body['jobId']);
    const [osid, jobId] = [String(body['osid']), String(body['jobId'])];
    return { osid, jobId, path: `${client.apps}/${String(body['id'])}` };
  };
  const changeImage = async ({ path }: Instance, image: string) => {
    const { body } = await client.api.patch(`${path}?merge=true`, { image });
    await client.waitForCompletion(body['jobId']);
  };
  const change = async ({ path }: Instance, cpuLimitMc: number) => {
    const { body } = await client.api.patch(path, { cpuLimitMc });
    await client.waitForCompletion(body['jobId']);
  };
  const accept = async ({ path }: Instance, desired: 'plane' | 'cluster') => {
    const { status, body } = await client.api.post(`${path}/accept`, { desired });
    expect([status, body]).toEqual([202, { jobId: expect.any(String) }]);
    await client.waitForCompletion(body['jobId']);
  };
  const statefulSet = async ({ osid }: Instance) => {
    const object = await client.kubectl.get('statefulset', osid, osid);
    return { uid: valueAt(object, 'metadata', 'uid'), generation: valueAt(object, 'metadata', 'generation') };
  };
  const shown = (instance: Instance, matches: (body: Record<string, unknown>) => boolean) =>
    eventually(`${instance.osid} after the restore`, async () => {
      const { status, body } = await client.api.get(instance.path);
      return status === 200 && matches(body) && body;
    });

  it('keeps what runs, shows what it does not know as diverged, and does what a person decides', async () => {
    const names = ['pushed', 'adopted', 'deleted', 'unchanged'];
    const [pushed, adopted, deleted, unchanged] = (await Promise.all(
      names.map((name) => client.create('valkey', { name })),
    )) as [Instance, Instance, Instance, Instance];
    const apps = [await createApp('pushed-app'), await createApp('adopted-app')] as const;
    const before = await client.show(pushed);
    await backUp();
    await Promise.all([change(pushed, 600), change(adopted, 700)]);
    await Promise.all(apps.map((app) => changeImage(app, 'ghcr.io/acme/shop:1.5')));
    await change(adopted, 800);
    await client.waitForCompletion((await client.api.delete(deleted.path)).body['jobId']);
    const created = await client.create('valkey', { name: 'created' });
    const running = await Promise.all([pushed, adopted, created].map(statefulSet));

    await restore();
    for (const instance of [pushed, adopted]) {
      const body = await shown(instance, ({ reason }) => reason === 'Diverged');
      expect(body).toMatchObject({ status: 'degraded', message: expect.stringContaining('accept "plane"') });
      expect(await client.api.patch(instance.path, { cpuLimitMc: 900 })).toMatchObject({
        status: 409,
        body: { code: 'conflict.diverged' },
      });
    }
    for (const app of apps) await shown(app, ({ reason }) => reason === 'Diverged');
    await shown(unchanged, ({ status }) => status === 'healthy');
    const again = await shown(deleted, ({ reason }) => reason === 'Diverged');
    expect(again).toMatchObject({ message: expect.stringContaining('stores a deletion') });
    expect((await client.api.get(created.path)).status).toBe(404);
    expect(await Promise.all([pushed, adopted, created].map(statefulSet))).toEqual(running);

    await Promise.all([accept(pushed, 'plane'), accept(adopted, 'cluster'), accept(deleted, 'cluster')]);
    expect((await client.api.get(deleted.path)).status).toBe(404);
    await client.showOnce(pushed, { status: 'healthy', cpuLimitMc: before['cpuLimitMc'] });
    await client.showOnce(adopted, { status: 'healthy', cpuLimitMc: 800 });
    await Promise.all([accept(apps[0], 'plane'), accept(apps[1], 'cluster')]);
    await client.showOnce(apps[0], { status: 'healthy', image: 'ghcr.io/acme/shop:1.4' });
    await client.showOnce(apps[1], { status: 'healthy', image: 'ghcr.io/acme/shop:1.5' });
    await changeImage(apps[0], 'ghcr.io/acme/shop:1.6');
    await client.waitForCompletion((await client.api.delete(apps[1].path)).body['jobId']);
    // The objects of the adopted spec are equal, so no pod was replaced. Those of the other one have changed.
    const after = await Promise.all([pushed, adopted, created].map(statefulSet));
    expect(after.slice(1)).toEqual(running.slice(1));
    expect(after[0]?.generation).not.toEqual(running[0]?.generation);
    await change(adopted, 900);
    await client.showOnce(adopted, { status: 'healthy', cpuLimitMc: 900 });
  }, 400_000);
});
