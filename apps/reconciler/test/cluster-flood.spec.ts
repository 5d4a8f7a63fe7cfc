import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import type { RunningService } from '@runos/messaging';
import { waitUntil } from '@runos/testing-process';
import { RecordBundleStatus } from '../src/bundle-status/record-bundle-status.js';
import { DeliveryResults } from '../src/delivery/delivery-results.js';
import { InstanceRepository } from '../src/instances/instance-repository.js';
import { lockCluster } from './barrier.js';
import { type Harness, type Instance, startHarness } from './harness.js';

/** As many messages as an agent may send at a time. */
const concurrent = 64;
const many = <T>(one: (n: number) => T): T[] => Array.from({ length: concurrent }, (_, n) => one(n));
/** A neighbour that is not delayed needs milliseconds; more only on a busy machine. */
const deadlineMs = 60_000;
/** With a small pool, even a batcher could use all of it; no statement gives up before the deadline. */
const settings = { databasePoolSize: 4, databaseStatementTimeoutMs: 3 * deadlineMs };
/** Batches without a share would use every connection after this, ms: one more starts each 250 ms. */
const fillingMs = 1_500;

describe('a cluster whose agents send more than its database work takes', () => {
  let harness: Harness;
  const flooded: Instance[] = [];
  const neighbour = { cid: 'near', osid: '' };
  beforeAll(async () => {
    harness = await startHarness({ settings });
    // One after another: with so few connections, the last of many at once would exceed its deadline on a busy machine.
    for (let n = 0; n < 16; n += 1) flooded.push(await harness.create('valkey'));
    await harness.request(reconciler.createCluster, { cluster: { cid: neighbour.cid, root: 'example.com' } });
    neighbour.osid = (await create(neighbour.cid)).osid;
    harness.agent.onBundle = async () => undefined;
    harness.agent.deadlineMs = deadlineMs;
  });
  afterAll(() => harness.stop());
  afterEach(() => void jest.restoreAllMocks());
  const create = (cid: string) => harness.request(reconciler.createInstance, { cid, type: 'valkey', fields: {} });
  const app = () => (harness.replicas[0] as RunningService).app;

  const reportOf = (n: number, phase: 'degraded' | 'gone') =>
    harness.agent.report(harness.agent.bundleOf(flooded[n % flooded.length]?.osid ?? ''), phase);
  const listOf = () => harness.agent.resync({ step: 'list', buckets: [7], entries: [], last: true });
  const floods: Readonly<Record<string, (n: number) => Promise<unknown>>> = {
    statuses: (n) => reportOf(n, 'degraded'),
    'reports of removals': (n) => reportOf(n, 'gone'),
    resyncs: listOf,
    'statuses of add-ons': () => harness.agent.reportAddons([]),
    'changes of connections': () => harness.agent.reportConnection({ connected: true }),
    registrations: () => harness.agent.registerNode('machine-1'),
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
          harness.agent.registerNode('machine-1', other),
        ]);
      } finally {
        await barrier.open();
        await flood;
      }
    },
  );

  it('has at most 256 statuses in memory, and the others are refused', async () => {
    const run = jest.spyOn(app().get(RecordBundleStatus), 'run');
    const barrier = await lockCluster(harness.database, harness.cid, { maxClosedMs: 2 * deadlineMs });
    const sent = 300;
    const flood = Promise.allSettled(Array.from({ length: sent }, (_, n) => reportOf(n, 'degraded')));
    try {
      await waitUntil(async () => run.mock.calls.length >= sent, {
        deadlineMs,
        because: () => `${run.mock.calls.length} arrived`,
      });
      const outcomes = run.mock.results.map(({ value }) =>
        Promise.race([(value as Promise<void>).catch(({ code }: { code: string }) => code), sleep(1_000, 'waits')]),
      );
      const found = await Promise.all(outcomes);
      expect(found.filter((outcome) => outcome === 'waits').length).toBeLessThanOrEqual(256);
      expect(found.filter((outcome) => outcome === 'unavailable').length).toBeGreaterThanOrEqual(sent - 256);
    } finally {
      await barrier.open();
      await flood;
    }
  });

  it('delays its own results of deliveries, and not those of another cluster', async () => {
    const ids = await harness.sql<{ id: string; cid: string }>('SELECT id, cid FROM cluster');
    const idOf = (cid: string) => Number(ids.find((each) => each.cid === cid)?.id);
    const results = app().get(DeliveryResults);
    const write = results.write.bind(results);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const written: number[] = [];
    jest.spyOn(results, 'write').mockImplementation(async (sql, ends) => {
      const clusters = ends.map(({ value }) => Number(value.work.claim.clusterId));
      if (clusters.includes(idOf(harness.cid))) await released;
      written.push(...clusters);
      return write(sql, ends);
    });
    try {
      for (let n = 0; n < 6; n += 1) {
        const { osid } = await create(harness.cid);
        const isStored = async () => harness.agent.stored.has(osid);
        await waitUntil(isStored, { deadlineMs, because: () => `${osid} is not delivered` });
        await sleep(300); // a batch that runs for longer no longer delays the next one
      }
      await harness.agent.reportConnection({ cid: neighbour.cid, connected: true });
      await create(neighbour.cid);
      const isWritten = async () => written.length > 0;
      await waitUntil(isWritten, { deadlineMs, because: () => 'no result of the other cluster is written' });
      expect(new Set(written)).toEqual(new Set([idOf(neighbour.cid)]));
    } finally {
      release();
    }
    await waitUntil(async () => written.includes(idOf(harness.cid)), {
      deadlineMs,
      because: () => 'nothing is written',
    });
  });

  it('has batches of statuses of its own', async () => {
    const lock = jest.spyOn(app().get(InstanceRepository), 'lockAllExisting');
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
