import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import type { RunningService } from '@runos/messaging';
import { runSql } from '@runos/persistence';
import { waitUntil } from '@runos/testing-process';
import { InstanceRepository } from '../src/instances/instance-repository.js';
import { RunUpgradeWaves } from '../src/upgrades/run-upgrade-waves.js';
import { Wakeups } from '../src/work/wakeups.js';
import { type Harness, type Instance, useHarness } from './harness.js';
import { waveSteps } from './wave-steps.js';

describe('a batch of statuses, of which two are about locked instances', () => {
  let harness: Harness;
  useHarness((started) => (harness = started));

  const degraded = ({ osid }: Instance) => harness.agent.report(harness.agent.bundleOf(osid), 'degraded');
  const stateOf = async (one: Instance) => (await harness.request(reconciler.showInstance, one)).status;

  it('writes the others while the locked ones wait, and these when the locks are released', async () => {
    const all = await Promise.all(Array.from({ length: 7 }, () => harness.create('valkey')));
    await harness.agent.idle();
    const [alone, ...batch] = all as [Instance, ...Instance[]];
    const [locked, free] = [batch.slice(0, 2), batch.slice(2)];
    const lock = jest.spyOn((harness.replicas[0] as RunningService).app.get(InstanceRepository), 'lockAllExisting');
    const waiting = await harness.database.transaction(async (sql) => {
      const osids = [alone, ...locked].map(({ osid }) => osid);
      await runSql(sql, 'SELECT 1 FROM instance WHERE osid = ANY($1) FOR UPDATE', [osids]);
      // This one is recorded alone and waits for the lock, so that the others form a batch.
      const first = degraded(alone);
      await waitUntil(() => lock.mock.calls.length > 0, { because: () => 'no batch has begun' });
      const others = locked.map(degraded);
      await Promise.all(free.map(degraded));
      expect(await Promise.all(batch.map(stateOf))).toEqual([
        ...locked.map(() => 'healthy'),
        ...free.map(() => 'degraded'),
      ]);
      return [first, ...others];
    });
    await Promise.all(waiting);
    expect(await Promise.all(all.map(stateOf))).toEqual(all.map(() => 'degraded'));
    const batches = lock.mock.calls.map(([, names]) => names.map(({ id }) => id));
    const isMixed = (ids: string[]) => [locked, free].every((kind) => kind.some(({ id }) => ids.includes(id)));
    expect(batches.some(isMixed)).toBe(true);
  });
});

describe('an upgrade of a locked instance', () => {
  let harness: Harness;
  useHarness((started) => (harness = started));
  const { added, create, newerBuild, start, show, ended } = waveSteps(() => harness);
  afterAll(() => added.toReversed().forEach((takeAway) => takeAway()));

  it('waits for a later run, so that it delays no other upgrade', async () => {
    const [one] = (await create(1)) as [Instance];
    newerBuild();
    const { app } = harness.replicas[0] as RunningService;
    const { id } = await harness.database.transaction(async (sql) => {
      await runSql(sql, 'SELECT 1 FROM instance WHERE osid = $1 FOR UPDATE', [one.osid]);
      const started = await start({ version: '9.0' });
      const ran = app.get(RunUpgradeWaves, { strict: false }).run(new AbortController().signal);
      const outcome = Promise.race([ran.then(() => 'done'), sleep(60_000, 'delayed', { ref: false })]);
      expect(await outcome).toBe('done');
      expect((await show(started.id)).counts).toMatchObject({ pending: 1, running: 0 });
      return started;
    });
    app.get(Wakeups).wake('upgrades');
    expect(await ended(id)).toMatchObject({ state: 'completed' });
  });
});
