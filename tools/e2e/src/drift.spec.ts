import { beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from './eventually.js';
import { valueAt } from './value-at.js';
import { type Instance, connectToSharedPlane, type PlaneClient } from './plane-client.js';

describe('drift', () => {
  let planeClient: PlaneClient;
  let valkey: Instance;
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
    valkey = await planeClient.create('valkey', { name: 'drifting' });
  });

  const about = (kind: string) => (event: Record<string, unknown>) => valueAt(event, 'object', 'kind') === kind;
  const replicas = async () =>
    valueAt(await planeClient.kubectl.get('statefulset', valkey.osid, valkey.osid), 'spec', 'replicas');

  it('recreates a deleted object, without a manager to report', async () => {
    const before = await planeClient.kubectl.get('service', valkey.osid, valkey.osid);
    await planeClient.kubectl.run(['delete', 'service', valkey.osid, '-n', valkey.osid]);
    await eventually('the Service to be back', async () => {
      const now = await planeClient.kubectl.get('service', valkey.osid, valkey.osid);
      return now !== undefined && valueAt(now, 'metadata', 'uid') !== valueAt(before, 'metadata', 'uid');
    });
    const event = await planeClient.event(valkey, about('Service'));
    expect(event['manager']).toBeNull();
    expect(valueAt(event, 'object', 'name')).toBe(valkey.osid);
  });

  it('repairs an edited field and reports its manager and path', async () => {
    const before = Date.now();
    await planeClient.kubectl.patch(
      'statefulset',
      valkey.osid,
      valkey.osid,
      { spec: { replicas: 3 } },
      'other-manager',
    );
    await eventually('one replica again', async () => (await replicas()) === 1);
    const event = await planeClient.event(valkey, (seen) => seen['manager'] === 'other-manager');
    expect(event['fields']).toEqual([expect.stringContaining('spec.replicas')]);
    const at = Date.parse(String(event['at']));
    // The time in managedFields has a resolution of a second.
    expect([at > before - 1_000, at <= Date.now()]).toEqual([true, true]);
  });

  it('preserves foreign fields', async () => {
    const eventsOf = async (type: string) =>
      (await planeClient.events(valkey)).filter((event) => event['type'] === type);
    const repairs = (await eventsOf('DriftRepaired')).length;
    const foreign = {
      metadata: { annotations: { 'example.com/note': 'kept' }, labels: { team: 'blue' } },
      spec: { minReadySeconds: 7 },
    };
    await planeClient.kubectl.patch('statefulset', valkey.osid, valkey.osid, foreign, 'other-manager');
    // A later repair shows that the earlier event has been processed.
    await planeClient.kubectl.patch(
      'statefulset',
      valkey.osid,
      valkey.osid,
      { spec: { replicas: 2 } },
      'third-manager',
    );
    await planeClient.event(valkey, (event) => event['manager'] === 'third-manager');
    const live = await planeClient.kubectl.get('statefulset', valkey.osid, valkey.osid);
    expect(valueAt(live, 'metadata', 'annotations', 'example.com/note')).toBe('kept');
    expect(valueAt(live, 'metadata', 'labels', 'team')).toBe('blue');
    expect(valueAt(live, 'spec', 'minReadySeconds')).toBe(7);
    expect(valueAt(live, 'spec', 'replicas')).toBe(1);
    expect(await eventsOf('DriftRepaired')).toHaveLength(repairs + 1);
    const added = ['metadata.annotations["example.com/note"]', 'metadata.labels.team', 'spec.minReadySeconds'];
    const reports = await eventually('the report of the added fields', async () => {
      const fields = (await eventsOf('FieldsAdded')).flatMap((event) => event['fields'] as string[]);
      return fields.length >= added.length && fields;
    });
    expect(reports.sort()).toEqual(added);
  });

  it('does not report the API server’s defaults as drift', async () => {
    const postgresql = await planeClient.create('postgresql', { name: 'defaulted' });
    await sleep(3_000);
    expect((await planeClient.events(postgresql)).filter((event) => event['object'] !== null)).toEqual([]);
  });

  it('removes a parameter that was added to a PostgreSQL cluster by hand', async () => {
    const postgresql = await planeClient.create('postgresql', { name: 'without-fsync' });
    const parameters = { fsync: 'off' };
    const { osid } = postgresql;
    await planeClient.kubectl.patch(
      'clusters.postgresql.cnpg.io',
      osid,
      osid,
      { spec: { postgresql: { parameters } } },
      'by-hand',
    );
    const event = await planeClient.event(
      postgresql,
      (seen) => seen['manager'] === 'by-hand' && seen['type'] === 'DriftRepaired',
    );
    expect(event['fields']).toEqual([expect.stringContaining('spec.postgresql.parameters')]);
    const live = await planeClient.kubectl.get('clusters.postgresql.cnpg.io', osid, osid);
    expect(valueAt(live, 'spec', 'postgresql', 'parameters', 'fsync')).toBeUndefined();
  });

  it('repairs with growing back-off against a conflicting manager, and reports it', async () => {
    const instance = await planeClient.create('valkey', { name: 'contested' });
    const live = () => planeClient.kubectl.get('statefulset', instance.osid, instance.osid);
    const edit = () =>
      planeClient.kubectl.patch(
        'statefulset',
        instance.osid,
        instance.osid,
        { spec: { replicas: 4 } },
        'conflicting-manager',
      );
    const contested = await eventually('the conflict to be reported', async () => {
      if (valueAt(await live(), 'spec', 'replicas') === 1) await edit();
      const conditions = (await planeClient.show(instance))['conditions'] as Record<string, unknown>[];
      return conditions.find((condition) => condition['type'] === 'Drifted' && condition['reason'] === 'Contested');
    });
    expect(contested['message']).toContain('conflicting-manager');
    expect(contested['message']).toContain('spec.replicas');
    // An edit after the last repair stays for half a minute.
    await eventually('the last repair', async () => valueAt(await live(), 'spec', 'replicas') === 1);
    await edit();
    await sleep(1_000);
    expect(valueAt(await live(), 'spec', 'replicas')).toBe(4);
  });

  it('makes an instance unhealthy that is scaled to nothing while the policy only reports', async () => {
    const instance = await planeClient.create('valkey', { name: 'idle', driftPolicy: 'report' });
    const { osid } = instance;
    await planeClient.kubectl.patch('statefulset', osid, osid, { spec: { replicas: 0 } }, 'by-hand');
    const scaledDown = { state: 'unhealthy', reason: 'ScaledDown', replicas: { desired: 1, ready: 0 } };
    await planeClient.api.once(`${instance.path}/status`, scaledDown);
    const words = 'has 0 of 1 desired replicas in its live spec';
    await planeClient.event(
      instance,
      ({ type, message }) => type === 'StateChanged' && String(message).includes(words),
    );
  });

  it('leaves a field to the field manager that the user allows to write it', async () => {
    const allowedWriters = [{ manager: 'autoscaler', kind: 'StatefulSet', fields: ['spec.replicas'] }];
    const wrong = { allowedWriters: [{ ...allowedWriters[0], kind: 'Deployment' }] };
    const refused = await planeClient.api.post(`${planeClient.services}/valkey`, wrong);
    expect(refused).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
    expect(JSON.stringify(refused.body['issues'])).toContain('valkey has no Deployment; it has');
    const instance = await planeClient.create('valkey', { name: 'scaled' });
    const { osid, path } = instance;
    const { status, body } = await planeClient.api.patch(path, { allowedWriters });
    expect(status).toBe(202);
    await planeClient.waitForCompletion(body['jobId']);
    expect(await planeClient.show(instance)).toMatchObject({ allowedWriters });
    await planeClient.kubectl.patch('statefulset', osid, osid, { spec: { replicas: 3 } }, 'autoscaler');
    await eventually('three ready replicas', async () => {
      const { replicas: counted } = (await planeClient.api.get(`${path}/status`)).body;
      return valueAt(counted, 'ready') === 3; // the desired number stays that of the instance
    });
    const changed = await planeClient.api.patch(path, { cpuLimitMc: 700 });
    await planeClient.waitForCompletion(changed.body['jobId']);
    const live = await planeClient.kubectl.get('statefulset', osid, osid);
    expect(valueAt(live, 'spec', 'replicas')).toBe(3);
    expect((await planeClient.events(instance)).filter(({ manager }) => manager === 'autoscaler')).toEqual([]);
  });

  it('recreates a deleted namespace and reports that its data is lost', async () => {
    const lost = await planeClient.create('valkey', { name: 'lost' });
    const uid = async () => valueAt(await planeClient.kubectl.get('namespace', lost.osid), 'metadata', 'uid');
    const before = await uid();
    await planeClient.kubectl.run(['delete', 'namespace', lost.osid, '--wait=false']);
    await eventually('the namespace to be rebuilt', async () => {
      const now = await uid();
      return now !== undefined && now !== before;
    });
    await planeClient.event(lost, (event) => event['type'] === 'DataLost');
    await planeClient.showOnce(lost, { status: 'healthy' });
    const credentials = (await planeClient.api.get(`${lost.path}/credentials`)).body;
    expect(credentials['password']).toEqual(expect.any(String));
  });
});
