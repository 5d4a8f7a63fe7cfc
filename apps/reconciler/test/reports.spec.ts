import { describe, expect, it } from '@jest/globals';
import { bucketHashes, bucketOf, rootOf, type ResyncEntry } from '@runos/agent-protocol';
import { reconciler } from '@runos/contracts';
import { runSql } from '@runos/persistence';
import type { StoredBundle } from './stored-bundle.js';
import { type Harness, type Instance, useHarness } from './harness.js';

describe('bundle status reports', () => {
  let harness: Harness;
  useHarness((started) => (harness = started));

  const healthy = () => harness.create('valkey');
  const stored = ({ osid }: Instance): StoredBundle => harness.agent.bundleOf(osid);
  const show = (one: Instance) => harness.request(reconciler.showInstance, one);
  const events = async (one: Instance) =>
    (await harness.request(reconciler.listInstanceEvents, { ...one, limit: 50 })).events;
  const set = (one: Instance) => ({ apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: one.osid, name: one.osid });

  it('write each drift as one event, also when they are repeated', async () => {
    const one = await healthy();
    const drift = [
      {
        object: set(one),
        fields: ['spec.replicas'],
        manager: 'other-operator',
        at: '2020-01-01T10:00:00Z',
        action: 'repaired',
      },
      {
        object: { ...set(one), kind: 'Service', apiVersion: 'v1' },
        fields: [],
        at: '2020-01-01T10:00:01Z',
        action: 'recreated',
      },
      {
        object: { apiVersion: 'v1', kind: 'Namespace', name: one.osid },
        fields: [],
        manager: null,
        at: '2020-01-01T10:00:02Z',
        action: 'recreated',
      },
    ];
    await Promise.all([1, 2, 3].map(() => harness.agent.report(stored(one), 'ready', { drift })));
    expect(await events(one)).toMatchObject([
      { type: 'DataLost', object: { kind: 'Namespace' }, manager: null, message: expect.stringContaining('lost') },
      { type: 'ObjectRecreated', object: { kind: 'Service' }, fields: [], manager: null },
      {
        type: 'DriftRepaired',
        at: '2020-01-01T10:00:00.000Z',
        object: { kind: 'StatefulSet', name: one.osid },
        fields: ['spec.replicas'],
        manager: 'other-operator',
      },
    ]);
    const { nextCursor } = await harness.request(reconciler.listInstanceEvents, { ...one, limit: 2 });
    const rest = await harness.request(reconciler.listInstanceEvents, { ...one, limit: 2, cursor: nextCursor! });
    expect(rest).toMatchObject({ events: [{ type: 'DriftRepaired' }], nextCursor: null });
  });

  it('make an instance without a ready pod unhealthy with the reason, and healthy after the recovery', async () => {
    const one = await healthy();
    const message = 'Pod x-0 is not scheduled: no node has room. Add a node or choose a smaller class.';
    const lost = { ...set(one), state: 'degraded', reason: 'Unschedulable', message };
    await harness.agent.report(stored(one), 'degraded', { objects: [lost], replicas: { desired: 1, ready: 0 } });
    expect(await show(one)).toMatchObject({
      status: 'unhealthy',
      reason: 'Unschedulable',
      message: expect.stringContaining(message),
    });
    expect(await harness.request(reconciler.showInstanceStatus, one)).toEqual({
      state: 'unhealthy',
      reason: 'Unschedulable',
      message: expect.any(String),
      replicas: { desired: 1, ready: 0 },
    });
    await harness.agent.report(stored(one), 'ready', { replicas: { desired: 1, ready: 1 } });
    expect(await show(one)).toMatchObject({ status: 'healthy', reason: null, message: null });
    expect((await events(one)).map(({ type }) => type)).toEqual(['StateChanged', 'StateChanged']);
  });

  it('have an event for every recovery from a state that had one', async () => {
    const one = await healthy();
    const failing = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: one.osid } as const;
    const degraded = { objects: [{ ...failing, state: 'degraded' as const, reason: 'R', message: 'm' }] };
    const starting = { objects: [{ ...failing, state: 'applied' as const }] };
    const report = (phase: 'ready' | 'degraded' | 'failed', more = {}) =>
      harness.agent.report(stored(one), phase, more);
    // Its objects only start before they are ready, so that the last status before the recovery is not serious.
    for (let n = 0; n < 3; n += 1) {
      await report('degraded', degraded);
      await report('degraded', starting);
      await report('ready');
    }
    await report('degraded', starting); // a pod that moves is no event
    await report('ready');
    await report('degraded', starting);
    await report('degraded', degraded); // it becomes serious later
    await report('failed', degraded);
    const { jobId } = await harness.request(reconciler.restartInstance, one);
    await report('ready');
    await harness.jobs.ended(jobId).catch(() => undefined);
    const changes = (await events(one))
      .filter(({ type }) => type === 'StateChanged')
      .map(({ message }) => /from (\w+ to \w+)/.exec(message)?.[1])
      .reverse();
    const pair = ['healthy to degraded', 'degraded to healthy'];
    expect(changes).toEqual([
      ...pair,
      ...pair,
      ...pair,
      'healthy to degraded',
      'degraded to unhealthy',
      'unhealthy to healthy',
    ]);
  });

  it('keep the job open while the cluster changes what was sent, and complete it after that', async () => {
    const one = await healthy();
    harness.agent.onBundle = () => Promise.resolve();
    const { jobId } = (await harness.request(reconciler.updateInstance, { ...one, fields: { replicas: 3 } })) as {
      jobId: string;
    };
    await harness.jobs.delivered(jobId);
    const message = `The cluster changes spec.replicas of StatefulSet ${one.osid}: 3 was sent, 1 is stored.`;
    const overridden = { reason: 'Overridden', message };
    const over = {
      conditions: [{ type: 'Applied', status: 'False' as const, ...overridden }],
      objects: [{ ...set(one), state: 'degraded', ...overridden }],
      replicas: { desired: 3, ready: 1 },
    };
    await harness.agent.report(stored(one), 'applying', over);
    await harness.agent.report(stored(one), 'applying', over);
    const { job, logs } = await harness.jobs.when(jobId, ({ job: { reason } }) => reason === 'Overridden');
    expect(job.status).toBe('running');
    expect(logs).toMatchObject([{ level: 'warn', message: expect.stringContaining(message) }]);
    expect(await show(one)).toMatchObject({
      status: 'applying',
      ...overridden,
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'Applied', ...overridden })]),
    });
    expect(await events(one)).toMatchObject([{ type: 'Overridden', message }]);
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    await harness.agent.report(stored(one), 'ready', { replicas: { desired: 3, ready: 3 } });
    await harness.jobs.ended(jobId);
    expect(await show(one)).toMatchObject({ status: 'healthy', reason: null });
  });

  it('keep the time of the last change of a condition', async () => {
    const one = await healthy();
    const ready = (status: 'True' | 'False', reason: string) => [{ type: 'Ready', status, reason, message: '' }];
    const since = async () => (await show(one)).conditions.find(({ type }) => type === 'Ready')?.since;
    await harness.agent.report(stored(one), 'ready', { conditions: ready('True', 'Ready') });
    const first = await since();
    await harness.agent.report(stored(one), 'ready', { conditions: ready('True', 'StillReady') });
    expect(await since()).toBe(first);
    await harness.agent.report(stored(one), 'degraded', { conditions: ready('False', 'Lost') });
    expect(await since()).not.toBe(first);
  });

  it('about an older bundle do not complete the job of a newer one', async () => {
    const one = await healthy();
    const old = stored(one);
    harness.agent.onBundle = () => Promise.resolve();
    const update = await harness.request(reconciler.updateInstance, { ...one, fields: { cpuLimitMc: 600 } });
    const { jobId } = update as { jobId: string };
    await harness.jobs.delivered(jobId);
    await harness.agent.report(old, 'ready');
    await harness.agent.report({ ...stored(one), digest: 'f'.repeat(64) }, 'ready');
    expect(await show(one)).toMatchObject({ status: 'applying', generation: 2, observedGeneration: 2 });
    expect(harness.jobs.get(jobId)?.job.status).toBe('running');
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    await harness.finish(jobId);
  });

  it('about an unknown instance are accepted and ignored', async () => {
    await harness.agent.report({ osid: 'valkey-zzzzz', generation: 1, digest: 'f'.repeat(64) }, 'ready');
  });

  it('about an instance of another cluster are refused and change nothing, in this account and in others', async () => {
    const one = await healthy();
    const before = await show(one);
    const { cid: other } = await harness.request(reconciler.createCluster, { cluster: { cid: 'other9' } });
    const others = [
      { aid: harness.aid, cid: other },
      { aid: 'zzzz0', cid: harness.cid },
    ];
    for (const from of others) {
      for (const phase of ['failed', 'gone'] as const) {
        const refused = { code: 'service.not_found', message: expect.stringContaining(from.cid) };
        await expect(harness.agent.report(stored(one), phase, {}, from)).rejects.toMatchObject(refused);
      }
    }
    const entries = [one.osid, 'valkey-zzzzz'].map((osid) => ({ osid, revision: 1, digest: 'f'.repeat(64) }));
    const list = { step: 'list', buckets: [], entries, last: true } as Parameters<typeof harness.agent.resync>[0];
    const compared = await harness.agent.resync(list, { aid: harness.aid, cid: other });
    expect(compared).toEqual({ unknown: [one.osid, 'valkey-zzzzz'], foreign: [one.osid] });
    expect(await show(one)).toEqual(before);
  });

  it('in a batch are recorded in order per instance, and a refused one does not affect the others', async () => {
    const first = await healthy();
    const all = [first, ...(await Promise.all(Array.from({ length: 4 }, healthy)))];
    const foreign = harness.agent.report(stored(first), 'failed', {}, { aid: 'zzzz0', cid: harness.cid });
    const lost = (one: Instance) => ({ objects: [{ ...set(one), state: 'degraded', reason: 'Unschedulable' }] });
    const reported = all.flatMap((one) => [
      harness.agent.report(stored(one), 'degraded', lost(one)),
      harness.agent.report(stored(one), 'ready', { objects: [{ ...set(one), state: 'ready' }] }),
      harness.agent.report({ ...stored(one), osid: 'valkey-zzzzz' }, 'ready'),
    ]);
    await expect(foreign).rejects.toMatchObject({ code: 'service.not_found' });
    await Promise.all(reported);
    for (const one of all) {
      expect(await show(one)).toMatchObject({ status: 'healthy' });
      const messages = (await events(one)).map(({ message }) => message);
      expect(messages).toEqual([
        'The state changed from degraded to healthy.',
        expect.stringContaining('The state changed from healthy to degraded'),
      ]);
    }
  });

  it('in a batch wait only for the lock of their own instance', async () => {
    const held = await healthy();
    const others = await Promise.all([healthy(), healthy()]);
    const lost = (one: Instance) =>
      harness.agent.report(stored(one), 'degraded', { objects: [{ ...set(one), state: 'degraded' }] });
    const waiting = await harness.database.transaction(async (sql) => {
      await runSql(sql, 'SELECT 1 FROM instance WHERE osid = $1 FOR UPDATE', [held.osid]);
      const late = [lost(held)];
      await Promise.all(others.map(lost)); // before the row is free
      return late;
    });
    await Promise.all(waiting);
    for (const one of [held, ...others]) expect(await show(one)).toMatchObject({ status: 'degraded' });
  });

  it('that a desired instance is gone cause its redelivery', async () => {
    const one = await healthy();
    const before = harness.agent.instructions.length;
    const bundle = stored(one);
    harness.agent.stored.delete(one.osid);
    const redelivered = new Promise<void>((resolve) => {
      harness.agent.onBundle = async () => resolve();
    });
    await harness.agent.report(bundle, 'gone');
    await redelivered;
    harness.agent.onBundle = (each) => harness.agent.reportSuccess(each);
    expect(harness.agent.instructions.slice(before)).toEqual([bundle]);
  });

  it('are compared by root hash, buckets and entries in a resync, which redelivers differing bundles', async () => {
    const [same, lost] = [await healthy(), await healthy()];
    const entries = (): ResyncEntry[] =>
      [...harness.agent.stored.values()].map(
        ({ osid, revision, digest }) => ({ osid, revision, digest }) as ResyncEntry,
      );
    const root = () => harness.agent.resync({ step: 'root', count: entries().length, root: rootOf(entries()) });
    expect(await root()).toEqual({ equal: true });
    const desired = stored(lost);
    harness.agent.stored.delete(lost.osid);
    const unknownEntry = { osid: 'valkey-zzzzz', revision: 3, digest: 'f'.repeat(64) } as ResyncEntry;
    const reported = [...entries(), unknownEntry];
    expect(await root()).toEqual({ equal: false });
    const { differing = [] } = await harness.agent.resync({ step: 'buckets', buckets: bucketHashes(reported) });
    expect(differing.length).toBeLessThanOrEqual(2);
    const redelivered = new Promise<StoredBundle>((resolve) => {
      harness.agent.onBundle = async (bundle) => resolve(bundle);
    });
    const { unknown } = await harness.agent.resync({
      step: 'list',
      buckets: differing,
      entries: reported.filter(({ osid }) => differing.includes(bucketOf(osid))),
      last: true,
    });
    expect(unknown).toEqual([unknownEntry.osid]);
    expect(await redelivered).toEqual(desired);
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    expect(await root()).toEqual({ equal: true });
    expect(stored(same)).toBeDefined();
  });
});
