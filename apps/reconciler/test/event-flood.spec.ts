import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { bucketOf, type ResyncEntry } from '@runos/agent-protocol';
import { reconciler } from '@runos/contracts';
import { type Harness, type Instance, useHarness } from './harness.js';

describe('an agent that reports events without end', () => {
  let harness: Harness;
  useHarness((started) => (harness = started));

  const healthy = () => harness.create('valkey');
  const events = async (one: Instance) =>
    (await harness.request(reconciler.listInstanceEvents, { ...one, limit: 50 })).events;
  const dropped = async (one: Instance) => (await events(one)).filter(({ type }) => type === 'EventsDropped').length;

  it('fills no database by drifts: each event is small, and most are only counted', async () => {
    const one = await healthy();
    const drift = () =>
      Array.from({ length: 8 }, (_, n) => ({
        object: { apiVersion: 'v1', kind: 'ConfigMap', name: `x${n}`, namespace: one.osid },
        fields: Array.from({ length: 95 }, () => randomBytes(500).toString('hex')),
        manager: 'm',
        at: '2999-01-01T00:00:00Z',
        action: 'reported',
      }));
    for (let n = 0; n < 30; n += 1)
      await harness.agent.report(harness.agent.bundleOf(one.osid), 'ready', { drift: drift() });
    const written = await events(one);
    expect(written).toHaveLength(21);
    expect(await dropped(one)).toBe(1);
    expect(JSON.stringify(written).length).toBeLessThan(21 * 3_000);
    expect(written.filter(({ at }) => at.startsWith('2999'))).toEqual([]);
  });

  it('fills no database by bundles of other histories', async () => {
    const one = await healthy();
    for (let n = 0; n < 30; n += 1) {
      const entry = { osid: one.osid, revision: 1_000 + n, digest: randomBytes(32).toString('hex') } as ResyncEntry;
      await harness.agent.resync({ step: 'list', buckets: [bucketOf(one.osid)], entries: [entry], last: true });
    }
    expect(await events(one)).toHaveLength(21);
    expect(await dropped(one)).toBe(1);
  });
});
