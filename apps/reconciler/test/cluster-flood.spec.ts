import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { lockCluster } from './barrier.js';
import { type Harness, type Instance, startHarness } from './harness.js';

/** As many messages as an agent may send at a time. */
const concurrent = 64;
const many = <T>(one: (n: number) => T): T[] => Array.from({ length: concurrent }, (_, n) => one(n));

describe('a cluster whose agents send more than its database work takes', () => {
  let harness: Harness;
  let flooded: readonly Instance[];
  const neighbour = { cid: 'near', osid: '' };
  beforeAll(async () => {
    harness = await startHarness();
    flooded = await Promise.all(Array.from({ length: 16 }, () => harness.create('valkey')));
    await harness.request(reconciler.createCluster, { cluster: { cid: neighbour.cid, root: 'example.com' } });
    const { osid } = await harness.request(reconciler.createInstance, {
      cid: neighbour.cid,
      type: 'valkey',
      fields: {},
    });
    neighbour.osid = osid;
    harness.agent.onBundle = async () => undefined;
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
      const barrier = await lockCluster(harness.database, harness.cid);
      const flood = Promise.allSettled(many((n) => (floods[kind] as (n: number) => Promise<unknown>)(n)));
      await barrier.untilWaiting(2);
      const other = { aid: harness.aid, cid: neighbour.cid };
      const bundle = { osid: neighbour.osid, generation: 1, digest: 'a'.repeat(64) };
      const sent = [
        harness.agent.resync({ step: 'list', buckets: [7], entries: [], last: true }, other),
        harness.agent.reportAddons([], other),
        harness.agent.send(harness.agent.compose(bundle, 'applying', {}, other)),
        harness.agent.send(harness.agent.compose({ ...bundle, osid: 'valkey-zzzzz' }, 'gone', {}, other)),
        harness.agent.reportConnection({ cid: neighbour.cid, connected: true }),
      ];
      let isServed = false;
      const served = Promise.all(sent).then(() => (isServed = true));
      // Ends at the latest when the lock does, so that the flood is over before the next one.
      await Promise.race([served, flood]);
      const wasServed = isServed;
      await barrier.open();
      await Promise.all([served, flood]);
      expect(wasServed).toBe(true);
    },
    30_000,
  );
});
