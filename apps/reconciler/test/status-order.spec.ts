import { afterEach, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { runSql } from '@runos/persistence';
import { type Harness, type Instance, useHarness } from './harness.js';

describe('statuses that arrive late, repeated or reordered', () => {
  let harness: Harness;
  useHarness((started) => (harness = started));
  afterEach(() => {
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
  });

  const healthy = async () => {
    const one = await harness.create('valkey');
    await harness.agent.idle();
    return one;
  };
  const stateOf = async (one: Instance) => (await harness.request(reconciler.showInstance, one)).status;
  const eventCount = async (one: Instance) =>
    (await harness.request(reconciler.listInstanceEvents, { ...one, limit: 50 })).events.length;
  const lost = (osid: string) => ({
    objects: [
      { apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: osid, name: osid, state: 'degraded', reason: 'Lost' },
    ],
  });
  const compose = ({ osid }: Instance, phase: 'degraded' | 'ready' | 'gone', over = {}) =>
    harness.agent.compose(harness.agent.bundleOf(osid), phase, { ...(phase === 'degraded' && lost(osid)), ...over });

  it('do not replace a newer one, neither in their session nor from an earlier one', async () => {
    const one = await healthy();
    const older = compose(one, 'degraded');
    const newer = compose(one, 'ready');
    for (const sent of [older, newer, newer, older]) await harness.agent.send(sent);
    expect(await stateOf(one)).toBe('healthy');
    expect(await eventCount(one)).toBe(2);
    const earlier = compose(one, 'degraded');
    await harness.agent.connect();
    const first = compose(one, 'ready');
    expect(first.status.sequence).toBeLessThan(Number(earlier.status.sequence));
    for (const sent of [first, earlier]) await harness.agent.send(sent);
    expect(await stateOf(one)).toBe('healthy');
    await harness.agent.report(harness.agent.bundleOf(one.osid), 'degraded', lost(one.osid));
    expect(await stateOf(one)).toBe('degraded');
  });

  it('do not replace a newer one in the same batch', async () => {
    const [one, other] = await Promise.all([healthy(), healthy()]);
    const [first, second, third] = [compose(one, 'ready'), compose(one, 'degraded'), compose(one, 'ready')];
    const reports = await harness.database.transaction(async (sql) => {
      await runSql(sql, 'SELECT 1 FROM instance WHERE osid = ANY($1) FOR UPDATE', [[one.osid, other.osid]]);
      // This one is recorded alone and waits for the lock, so that the others form a batch.
      const alone = harness.agent.send(compose(other, 'ready'));
      await harness.sql(`SELECT pg_sleep(0.1)`);
      return [alone, ...[third, second, first, third, second].map((sent) => harness.agent.send(sent))];
    });
    await Promise.all(reports);
    expect(await stateOf(one)).toBe('healthy');
    expect(await eventCount(one)).toBe(0);
  });

  it('cause one redelivery of a bundle that is gone', async () => {
    const one = await healthy();
    const gone = compose(one, 'gone');
    const before = harness.agent.instructions.length;
    const redelivered = new Promise<void>((resolve) => {
      harness.agent.onBundle = async (bundle) => {
        await harness.agent.reportSuccess(bundle);
        resolve();
      };
    });
    await harness.agent.send(gone);
    await redelivered;
    await harness.agent.send(gone);
    const { requested } = await harness.row<{ requested: number }>(
      'SELECT requested FROM work WHERE id = (SELECT id FROM instance WHERE osid = $1)',
      [one.osid],
    );
    expect({ requested, instructions: harness.agent.instructions.length - before }).toEqual({
      requested: 2,
      instructions: 1,
    });
  });

  it('count in the order of arrival without a number of an older agent gateway', async () => {
    const one = await healthy();
    const { status, ...sender } = compose(one, 'degraded');
    await harness.agent.send({ ...sender, sessionNo: undefined, status });
    expect(await stateOf(one)).toBe('degraded');
    await harness.agent.send({ ...compose(one, 'ready'), sessionNo: undefined });
    expect(await stateOf(one)).toBe('healthy');
  });
});
