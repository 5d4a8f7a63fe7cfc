import { beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from './eventually.js';
import { at } from './kubectl.js';
import { type Instance, sharedWorld, type World } from './world.js';

describe('drift', () => {
  let world: World;
  let valkey: Instance;
  beforeAll(async () => {
    world = await sharedWorld();
    valkey = await world.create('valkey', { name: 'drifting' });
  }, 90_000);

  const about = (kind: string) => (event: Record<string, unknown>) => at(event, 'object', 'kind') === kind;
  const replicas = async () => at(await world.kubectl.get('statefulset', valkey.osid, valkey.osid), 'spec', 'replicas');

  it('brings back a deleted object, with nobody to name', async () => {
    const before = await world.kubectl.get('service', valkey.osid, valkey.osid);
    await world.kubectl.run(['delete', 'service', valkey.osid, '-n', valkey.osid]);
    await eventually('the Service to be back', 10_000, async () => {
      const now = await world.kubectl.get('service', valkey.osid, valkey.osid);
      return now !== undefined && at(now, 'metadata', 'uid') !== at(before, 'metadata', 'uid');
    });
    const event = await world.event(valkey, about('Service'));
    expect(event['manager']).toBeNull();
    expect(at(event, 'object', 'name')).toBe(valkey.osid);
  });

  it('undoes an edited field and names who edited it, and which field', async () => {
    await world.kubectl.patch('statefulset', valkey.osid, valkey.osid, { spec: { replicas: 3 } }, 'night-shift');
    await eventually('one replica again', 10_000, async () => (await replicas()) === 1);
    const event = await world.event(valkey, (seen) => seen['manager'] === 'night-shift');
    expect(event['fields']).toEqual([expect.stringContaining('spec.replicas')]);
    expect(Math.abs(Date.parse(String(event['at'])) - Date.now())).toBeLessThan(60_000);
  });

  it('leaves alone what is not ours', async () => {
    const drifts = async () => (await world.events(valkey)).filter(({ fields }) => (fields as string[]).length > 0);
    const seen = (await drifts()).length;
    const foreign = {
      metadata: { annotations: { 'example.com/note': 'kept' }, labels: { team: 'blue' } },
      spec: { minReadySeconds: 7 },
    };
    await world.kubectl.patch('statefulset', valkey.osid, valkey.osid, foreign, 'night-shift');
    // A later repair shows that the earlier event has been worked off.
    await world.kubectl.patch('statefulset', valkey.osid, valkey.osid, { spec: { replicas: 2 } }, 'day-shift');
    await world.event(valkey, (event) => event['manager'] === 'day-shift');
    const live = await world.kubectl.get('statefulset', valkey.osid, valkey.osid);
    expect(at(live, 'metadata', 'annotations', 'example.com/note')).toBe('kept');
    expect(at(live, 'metadata', 'labels', 'team')).toBe('blue');
    expect(at(live, 'spec', 'minReadySeconds')).toBe(7);
    expect(at(live, 'spec', 'replicas')).toBe(1);
    expect(await drifts()).toHaveLength(seen + 1);
  });

  it('never takes the API server’s defaults for drift', async () => {
    const postgresql = await world.create('postgresql', { name: 'defaulted' });
    await sleep(3_000);
    expect((await world.events(postgresql)).filter((event) => event['object'] !== null)).toEqual([]);
  });

  it('answers a manager that fights back ever later, and names it', async () => {
    const fought = await world.create('valkey', { name: 'fought' });
    const live = () => world.kubectl.get('statefulset', fought.osid, fought.osid);
    const edit = () =>
      world.kubectl.patch('statefulset', fought.osid, fought.osid, { spec: { replicas: 4 } }, 'stubborn');
    const contested = await eventually('the fight to be reported', 60_000, async () => {
      if (at(await live(), 'spec', 'replicas') === 1) await edit();
      const conditions = (await world.show(fought))['conditions'] as Record<string, unknown>[];
      return conditions.find((condition) => condition['type'] === 'Drifted' && condition['reason'] === 'Contested');
    });
    expect(contested['message']).toContain('stubborn');
    expect(contested['message']).toContain('spec.replicas');
    await edit().catch(() => undefined);
    await sleep(1_000);
    expect(at(await live(), 'spec', 'replicas')).toBe(4);
  }, 90_000);

  it('rebuilds a deleted namespace and says that its data is lost', async () => {
    const lost = await world.create('valkey', { name: 'lost' });
    const uid = async () => at(await world.kubectl.get('namespace', lost.osid), 'metadata', 'uid');
    const before = await uid();
    await world.kubectl.run(['delete', 'namespace', lost.osid, '--wait=false']);
    await eventually('the namespace to be rebuilt', 60_000, async () => {
      const now = await uid();
      return now !== undefined && now !== before;
    });
    await world.event(lost, (event) => event['type'] === 'DataLost');
    await eventually('it to be healthy again', 30_000, async () => (await world.show(lost))['status'] === 'healthy');
    const credentials = (await world.api.get(`${lost.path}/credentials`)).body;
    expect(credentials['password']).toEqual(expect.any(String));
  }, 120_000);
});
