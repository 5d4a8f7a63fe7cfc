import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import type { RunningService } from '@runos/messaging';
import { InstanceRepository } from '../src/instances/instance-repository.js';
import { lockCluster } from './barrier.js';
import { type Harness, type Instance, startHarness } from './harness.js';

/** As many messages as an agent may send at a time. */
const concurrent = 64;
const many = <T>(one: (n: number) => T): T[] => Array.from({ length: concurrent }, (_, n) => one(n));
/** A neighbour that is not delayed needs milliseconds; more only on a busy machine. */
const deadlineMs = 20_000;
/** With a small pool, even a batcher could use all of it; no statement gives up before the deadline. */
const settings = { databasePoolSize: 4, databaseStatementTimeoutMs: 60_000 };
/** Batches without a share would use every connection after this, ms: one more starts each 250 ms. */
const fillingMs = 1_500;

describe('a cluster whose agents send more than its database work takes', () => {
  let harness: Harness;
  let flooded: readonly Instance[];
  const neighbour = { cid: 'near', osid: '' };
  beforeAll(async () => {
    harness = await startHarness({ settings });
    flooded = await Promise.all(Array.from({ length: 16 }, () => harness.create('valkey')));
    await harness.request(reconciler.createCluster, { cluster: { cid: neighbour.cid, root: 'example.com' } });
    const { osid } = await harness.request(reconciler.createInstance, {
      cid: neighbour.cid,
      type: 'valkey',
      fields: {},
    });
    neighbour.osid = osid;
    harness.agent.onBundle = async () => undefined;
    harness.agent.deadlineMs = deadlineMs;
  }, 60_000);
  afterAll(() => harness.stop());

  const reportOf = (n: number, phase: 'degraded' | 'gone') =>
    harness.agent.report(harness.agent.bundleOf(flooded[n % flooded.length]?.osid ?? ''), phase);
  const listOf = () => harness.agent.resync({ step: 'list', buckets: [7], entries: [], last: true });
  const floods: Readonly<Record<string, (n: number) => Promise<unknown>>> = {
    statuses: (n) => reportOf(n, 'degraded'),
    'reports of removals': (n) => reportOf(n, 'gone'),
    resyncs: listOf,
    'statuses of add-ons': () => harness.agent.reportAddons([]),
    'changes of connections': () => harness.agent.reportConnection({ connected: true }),
  };

  it.each(Object.keys(floods))(
    'leaves connections to the messages of another cluster in a flood of %s',
    async (kind) => {
      const barrier = await lockCluster(harness.database, harness.cid, { maxClosedMs: 2 * deadlineMs });
      const flood = Promise.allSettled(many((n) => (floods[kind] as (n: number) => Promise<unknown>)(n)));
      try {
        await barrier.untilWaiting(1);
        await sleep(fillingMs);
        const other = { aid: harness.aid, cid: neighbour.cid };
        const bundle = { osid: neighbour.osid, generation: 1, digest: 'a'.repeat(64) };
        await Promise.all([
          harness.agent.resync({ step: 'list', buckets: [7], entries: [], last: true }, other),
          harness.agent.reportAddons([], other),
          harness.agent.send(harness.agent.compose(bundle, 'applying', {}, other)),
          harness.agent.send(harness.agent.compose({ ...bundle, osid: 'valkey-zzzzz' }, 'gone', {}, other)),
          harness.agent.reportConnection({ cid: neighbour.cid, connected: true }),
        ]);
      } finally {
        await barrier.open();
        await flood;
      }
    },
    60_000,
  );

  it('has batches of statuses of its own', async () => {
    const lock = jest.spyOn((harness.replicas[0] as RunningService).app.get(InstanceRepository), 'lockAllExisting');
    const other = { aid: harness.aid, cid: neighbour.cid };
    const bundle = { osid: neighbour.osid, generation: 1, digest: 'a'.repeat(64) };
    const ofNeighbour = () => harness.agent.send(harness.agent.compose(bundle, 'applying', {}, other));
    await Promise.all(many((n) => (n % 2 === 0 ? reportOf(n >> 1, 'degraded') : ofNeighbour())));
    const batches = lock.mock.calls.map(([, names]) => names.map(({ cid }) => cid));
    expect(batches.filter((cids) => new Set(cids).size > 1)).toEqual([]);
    expect(new Set(batches.flat())).toEqual(new Set([harness.cid, neighbour.cid]));
    expect(Math.max(...batches.map(({ length }) => length))).toBeGreaterThan(1);
  });
});
