import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bucketHashes, bucketOf, rootOf, type ResyncEntry } from '@runos/agent-protocol';
import { reconciler } from '@runos/contracts';
import type { Stored } from '../test/test-agent.js';
import { type TestPlane, testPlane } from '../test/test-plane.js';

describe('what agents report', () => {
  let plane: TestPlane;
  beforeAll(async () => {
    plane = await testPlane();
  }, 30_000);
  afterAll(() => plane.stop());

  const healthy = async () => {
    const made = await plane.ask(reconciler.createInstance, { cid: plane.cid, type: 'valkey', fields: {} });
    await plane.jobs.ended(made.jobId);
    return { cid: plane.cid, type: 'valkey', id: made.id, osid: made.osid };
  };
  type One = Awaited<ReturnType<typeof healthy>>;
  const stored = ({ osid }: One): Stored => plane.agent.stored.get(osid)!;
  const show = (one: One) => plane.ask(reconciler.showInstance, one);
  const events = async (one: One) => (await plane.ask(reconciler.listInstanceEvents, { ...one, limit: 50 })).events;
  const set = (one: One) => ({ apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: one.osid, name: one.osid });

  it('of drift becomes an event once, however often it is repeated', async () => {
    const one = await healthy();
    const drift = [
      {
        object: set(one),
        fields: ['spec.replicas'],
        manager: 'night-shift',
        at: '2030-01-01T10:00:00Z',
        action: 'repaired',
      },
      {
        object: { ...set(one), kind: 'Service', apiVersion: 'v1' },
        fields: [],
        at: '2030-01-01T10:00:01Z',
        action: 'recreated',
      },
      {
        object: { apiVersion: 'v1', kind: 'Namespace', name: one.osid },
        fields: [],
        manager: null,
        at: '2030-01-01T10:00:02Z',
        action: 'recreated',
      },
    ];
    await Promise.all([1, 2, 3].map(() => plane.agent.reports(stored(one), 'ready', { drift })));
    expect(await events(one)).toMatchObject([
      { type: 'DataLost', object: { kind: 'Namespace' }, manager: null, message: expect.stringContaining('lost') },
      { type: 'ObjectRecreated', object: { kind: 'Service' }, fields: [], manager: null },
      {
        type: 'DriftRepaired',
        at: '2030-01-01T10:00:00.000Z',
        object: { kind: 'StatefulSet', name: one.osid },
        fields: ['spec.replicas'],
        manager: 'night-shift',
      },
    ]);
    const { nextCursor } = await plane.ask(reconciler.listInstanceEvents, { ...one, limit: 2 });
    const rest = await plane.ask(reconciler.listInstanceEvents, { ...one, limit: 2, cursor: nextCursor! });
    expect(rest).toMatchObject({ events: [{ type: 'DriftRepaired' }], nextCursor: null });
  });

  it('of a loss makes it degraded or unhealthy, with the reason, and of recovery healthy', async () => {
    const one = await healthy();
    const message = 'Pod x-0 is not scheduled: no node has room. Add a node or choose a smaller class.';
    const lost = { ...set(one), state: 'degraded', reason: 'Unschedulable', message };
    await plane.agent.reports(stored(one), 'degraded', { objects: [lost], replicas: { desired: 1, ready: 0 } });
    expect(await show(one)).toMatchObject({
      status: 'degraded',
      reason: 'Unschedulable',
      message: expect.stringContaining(message),
    });
    expect(await plane.ask(reconciler.showInstanceStatus, one)).toEqual({
      state: 'degraded',
      reason: 'Unschedulable',
      message: expect.any(String),
      replicas: { desired: 1, ready: 0 },
    });
    await plane.agent.reports(stored(one), 'ready', { replicas: { desired: 1, ready: 1 } });
    expect(await show(one)).toMatchObject({ status: 'healthy', reason: null, message: null });
    expect((await events(one)).map(({ type }) => type)).toEqual(['StateChanged', 'StateChanged']);
  });

  it('keeps conditions with the time they last flipped', async () => {
    const one = await healthy();
    const ready = (status: 'True' | 'False', reason: string) => [{ type: 'Ready', status, reason, message: '' }];
    const since = async () => (await show(one)).conditions.find(({ type }) => type === 'Ready')?.since;
    await plane.agent.reports(stored(one), 'ready', { conditions: ready('True', 'Ready') });
    const first = await since();
    await plane.agent.reports(stored(one), 'ready', { conditions: ready('True', 'StillReady') });
    expect(await since()).toBe(first);
    await plane.agent.reports(stored(one), 'degraded', { conditions: ready('False', 'Lost') });
    expect(await since()).not.toBe(first);
  });

  it('about an older bundle does not end the job of a newer one', async () => {
    const one = await healthy();
    const old = stored(one);
    plane.agent.live = () => Promise.resolve();
    const update = await plane.ask(reconciler.updateInstance, { ...one, fields: { cpuLimitMc: 600 } });
    const { jobId } = update as { jobId: string };
    await plane.jobs.when(jobId, ({ job }) => job.currentStep === 'apply');
    await plane.agent.reports(old, 'ready');
    await plane.agent.reports({ ...stored(one), digest: 'f'.repeat(64) }, 'ready');
    expect(await show(one)).toMatchObject({ status: 'applying', generation: 2, observedGeneration: 2 });
    expect(plane.jobs.get(jobId)?.job.status).toBe('running');
    plane.agent.live = (bundle) => plane.agent.goesWell(bundle);
    await plane.agent.goesWell(stored(one));
    await plane.jobs.ended(jobId);
  });

  it('about what this plane does not know is taken without a trace', async () => {
    await plane.agent.reports({ osid: 'valkey-zzzzz', generation: 1, digest: 'f'.repeat(64) }, 'ready');
  });

  it('about an instance of another cluster is refused, of this account or another, and changes nothing', async () => {
    const one = await healthy();
    const before = await show(one);
    const { cid: other } = await plane.ask(reconciler.createCluster, { cluster: { cid: 'other9' } });
    const others = [
      { aid: plane.aid, cid: other },
      { aid: 'zzzz0', cid: plane.cid },
    ];
    for (const from of others) {
      for (const phase of ['failed', 'gone'] as const) {
        const refused = { code: 'service.not_found', message: expect.stringContaining(from.cid) };
        await expect(plane.agent.reports(stored(one), phase, {}, from)).rejects.toMatchObject(refused);
      }
    }
    const entries = [one.osid, 'valkey-zzzzz'].map((osid) => ({ osid, revision: 1, digest: 'f'.repeat(64) }));
    const list = { step: 'list', buckets: [], entries, last: true } as Parameters<typeof plane.agent.resync>[0];
    const compared = await plane.agent.resync(list, { aid: plane.aid, cid: other });
    expect(compared).toEqual({ unknown: [one.osid, 'valkey-zzzzz'], foreign: [one.osid] });
    expect(await show(one)).toEqual(before);
  });

  it('in a crowd is written for each instance in its order, and a stranger among them stops nobody', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, healthy));
    const stranger = plane.agent.reports(stored(all[0]), 'failed', {}, { aid: 'zzzz0', cid: plane.cid });
    const lost = (one: One) => ({ objects: [{ ...set(one), state: 'degraded', reason: 'Unschedulable' }] });
    const told = all.flatMap((one) => [
      plane.agent.reports(stored(one), 'degraded', lost(one)),
      plane.agent.reports(stored(one), 'ready', { objects: [{ ...set(one), state: 'ready' }] }),
      plane.agent.reports({ ...stored(one), osid: 'valkey-zzzzz' }, 'ready'),
    ]);
    await expect(stranger).rejects.toMatchObject({ code: 'service.not_found' });
    await Promise.all(told);
    for (const one of all) {
      expect(await show(one)).toMatchObject({ status: 'healthy' });
      const moves = (await events(one)).map(({ message }) => message);
      expect(moves).toEqual([
        'It went from degraded to healthy.',
        expect.stringContaining('It went from healthy to degraded'),
      ]);
    }
  });

  it('in a crowd waits for the row of none but its own instance', async () => {
    const [held, ...others] = await Promise.all([healthy(), healthy(), healthy()]);
    const holding = plane.sql('UPDATE instance SET name = name WHERE osid = $1 RETURNING pg_sleep(2)::text', [
      held.osid,
    ]);
    const asleep = `SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'`;
    while ((await plane.sql(asleep)).length === 0);
    const lost = (one: One) =>
      plane.agent.reports(stored(one), 'degraded', { objects: [{ ...set(one), state: 'degraded' }] });
    const late = lost(held);
    const crowd = Promise.all(others.map(lost)).then(() => 'the others are written');
    expect(await Promise.race([crowd, holding.then(() => 'the row is free')])).toBe('the others are written');
    await late;
    for (const one of [held, ...others]) expect(await show(one)).toMatchObject({ status: 'degraded' });
  });

  it('as gone, of what is wanted, is answered by bringing it again', async () => {
    const one = await healthy();
    const before = plane.agent.instructions.length;
    const bundle = stored(one);
    plane.agent.stored.delete(one.osid);
    const again = new Promise<void>((resolve) => {
      plane.agent.live = async () => resolve();
    });
    await plane.agent.reports(bundle, 'gone');
    await again;
    plane.agent.live = (each) => plane.agent.goesWell(each);
    expect(plane.agent.instructions.slice(before)).toEqual([bundle]);
  });

  it('as stored is compared by one hash, then by buckets, then by lists; what differs is sent again', async () => {
    const [same, lost] = [await healthy(), await healthy()];
    const entries = (): ResyncEntry[] =>
      [...plane.agent.stored.values()].map(({ osid, revision, digest }) => ({ osid, revision, digest }) as ResyncEntry);
    const root = () => plane.agent.resync({ step: 'root', count: entries().length, root: rootOf(entries()) });
    expect(await root()).toEqual({ equal: true });
    const wanted = stored(lost);
    plane.agent.stored.delete(lost.osid);
    const stranger = { osid: 'valkey-zzzzz', revision: 3, digest: 'f'.repeat(64) } as ResyncEntry;
    const held = [...entries(), stranger];
    expect(await root()).toEqual({ equal: false });
    const { differing } = await plane.agent.resync({ step: 'buckets', buckets: bucketHashes(held) });
    expect(differing!.length).toBeLessThanOrEqual(2);
    const again = new Promise<Stored>((resolve) => {
      plane.agent.live = async (bundle) => resolve(bundle);
    });
    const { unknown } = await plane.agent.resync({
      step: 'list',
      buckets: differing!,
      entries: held.filter(({ osid }) => differing!.includes(bucketOf(osid))),
      last: true,
    });
    expect(unknown).toEqual([stranger.osid]);
    expect(await again).toEqual(wanted);
    plane.agent.live = (bundle) => plane.agent.goesWell(bundle);
    expect(await root()).toEqual({ equal: true });
    expect(stored(same)).toBeDefined();
  });
});
