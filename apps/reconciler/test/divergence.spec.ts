import { afterEach, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { backUp } from './database-backup.js';
import { type Harness, type Instance, useHarness } from './harness.js';
import { restoreSteps } from './restore-steps.js';

describe('after a restore of the database', () => {
  let harness: Harness;
  useHarness((started) => (harness = started), { settings: { jobDeadlineSeconds: 5 } });
  afterEach(() => {
    harness.agent.isOlder = false;
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
  });

  const { accept, bundle, change, create, diverge, hasNextAttempt, nextDelivery, show } = restoreSteps(() => harness);
  const requestsFor = ({ osid }: Instance) => harness.agent.instructions.filter((each) => each.osid === osid).length;
  const divergedStatus = {
    status: 'degraded',
    reason: 'Diverged',
    message: expect.stringContaining('stores revision 3 (generation 3)'),
    generation: 1,
    observedGeneration: 1,
  };

  it('an instance whose agent is ahead is diverged, is shown as that, and stays untouched', async () => {
    const one = await diverge();
    const requests = requestsFor(one);
    const stored = bundle(one);
    expect(await show(one)).toMatchObject({
      ...divergedStatus,
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: 'Diverged', status: 'True', reason: 'AgentAhead' }),
      ]),
    });
    const { services } = await harness.request(reconciler.listInstances, { cid: harness.cid, limit: 100 });
    expect(services.find(({ osid }) => osid === one.osid)).toMatchObject({ status: 'degraded', reason: 'Diverged' });
    expect(await harness.request(reconciler.showInstanceStatus, one)).toMatchObject({ reason: 'Diverged' });
    const { events } = await harness.request(reconciler.listInstanceEvents, { ...one, limit: 10 });
    expect(events.filter((event) => event.type === 'Diverged')).toHaveLength(1);
    for (let n = 0; n < 3; n += 1) {
      await harness.agent.resyncAll();
      await harness.agent.connect();
    }
    expect(await hasNextAttempt(one)).toBe(false);
    expect(requestsFor(one)).toBe(requests);
    expect(bundle(one)).toBe(stored);
    const again = await harness.request(reconciler.listInstanceEvents, { ...one, limit: 10 });
    expect(again.events.filter((event) => event.type === 'Diverged')).toHaveLength(1);
  });

  it('the status of the foreign bundle is shown, and its generation is not counted', async () => {
    const one = await diverge();
    const object = { apiVersion: 'v1', kind: 'Pod', namespace: one.osid, name: `${one.osid}-0`, state: 'failed' };
    await harness.agent.report(bundle(one), 'failed', { objects: [object] });
    expect(await show(one)).toMatchObject({ ...divergedStatus, status: 'unhealthy' });
    await harness.agent.report(bundle(one), 'ready');
    const shown = await show(one);
    expect(shown).toMatchObject(divergedStatus);
    expect(shown.conditions.some((condition) => condition.type === 'Diverged')).toBe(true);
  });

  it('a status of a higher generation counts for nothing before the resync', async () => {
    const one = await create();
    const restore = await backUp(harness);
    await change(one, 600);
    await restore();
    await harness.agent.connect();
    await harness.agent.report(bundle(one), 'ready');
    expect(await show(one)).toMatchObject({ status: 'healthy', generation: 1, observedGeneration: 1 });
  });

  it('the plans of upgrades show it as blocked', async () => {
    const one = await diverge();
    const block = { reason: 'Diverged', message: expect.stringContaining('accept') };
    const plan = await harness.request(reconciler.planUpgradeWave, { type: one.type, limit: 100 });
    expect(plan.blocked).toContainEqual({ cid: one.cid, osid: one.osid, ...block });
    expect(await harness.request(reconciler.planInstanceUpgrade, one)).toMatchObject({
      changes: false,
      blocked: block,
    });
  });

  it('writes are refused until a person decides', async () => {
    const one = await diverge();
    const refused = {
      code: 'conflict.diverged',
      details: { storedRevision: 3, storedGeneration: 3 },
      message: expect.stringContaining('accept "plane"'),
    };
    const writes = [
      () => harness.request(reconciler.updateInstance, { ...one, fields: { cpuLimitMc: 900 } }),
      () => harness.request(reconciler.restartInstance, one),
      () => harness.request(reconciler.upgradeInstance, one),
      () => harness.request(reconciler.deleteInstance, one),
    ];
    for (const write of writes) await expect(write()).rejects.toMatchObject(refused);
    expect(await show(one)).toMatchObject({ generation: 1 });
  });

  it('the job of an undelivered change ends at once, and states what to do', async () => {
    const one = await create();
    await harness.agent.disconnect();
    const { jobId } = (await harness.request(reconciler.updateInstance, { ...one, fields: { cpuLimitMc: 600 } })) as {
      jobId: string;
    };
    const restart = await harness.request(reconciler.restartInstance, one);
    const restore = await backUp(harness);
    await harness.agent.connect();
    await harness.jobs.ended(restart.jobId);
    await harness.agent.idle();
    expect(bundle(one).revision).toBe(3);
    await restore();
    harness.jobs.forget();
    await harness.agent.connect();
    for (const id of [jobId, restart.jobId]) {
      const { job } = await harness.jobs.ended(id);
      expect(job).toMatchObject({ status: 'failed', reason: 'Diverged', error: expect.stringContaining('accept') });
    }
    expect(await show(one)).toMatchObject({ status: 'degraded', reason: 'Diverged' });
    expect((await accept(one, 'plane')).status).toBe('completed');
  });

  it('an older agent is diverged by its resync, and is not sent the bundle for ever', async () => {
    harness.agent.isOlder = true;
    const one = await diverge();
    expect(await show(one)).toMatchObject({
      status: 'degraded',
      reason: 'Diverged',
      message: expect.stringContaining('stores revision 3 of'),
    });
    expect(await hasNextAttempt(one)).toBe(false);
    expect((await accept(one, 'plane')).status).toBe('completed');
    expect(bundle(one).revision).toBe(4);
  });

  it('a write before the first connection does not replace what the plane does not know', async () => {
    const one = await create();
    const restore = await backUp(harness);
    await change(one, 600);
    await restore();
    await harness.request(reconciler.updateInstance, { ...one, fields: { cpuLimitMc: 900 } });
    await harness.agent.connect();
    await harness.agent.resyncAll();
    expect(await show(one)).toMatchObject({ reason: 'Diverged', message: expect.stringContaining('revision 2') });
    expect((await accept(one, 'cluster')).status).toBe('completed');
    expect(await show(one)).toMatchObject({ status: 'healthy', cpuLimitMc: 600 });
  });

  it('an instance that was deleted since is delivered again, or is diverged while its deletion runs', async () => {
    const [gone, going, adopted] = [await create(), await create(), await create()];
    const restore = await backUp(harness);
    await harness.jobs.ended((await harness.request(reconciler.deleteInstance, gone)).jobId);
    harness.agent.onBundle = (deleted) => harness.agent.report(deleted, 'deleting');
    for (const one of [going, adopted]) {
      await harness.jobs.delivered((await harness.request(reconciler.deleteInstance, one)).jobId);
    }
    await restore();
    const delivered = nextDelivery(gone);
    await harness.agent.connect();
    await harness.agent.resyncAll();
    await delivered;
    for (const one of [going, adopted]) {
      expect(await show(one)).toMatchObject({ reason: 'Diverged', message: expect.stringContaining('a deletion of') });
      const removed = bundle(one);
      harness.agent.stored.delete(one.osid);
      await harness.agent.report(removed, 'gone');
    }
    await harness.agent.resyncAll();
    expect(await show(going)).toMatchObject({ reason: 'Diverged' });
    expect((await accept(going, 'plane')).status).toBe('completed');
    expect(await show(going)).toMatchObject({ status: 'healthy' });
    expect((await accept(adopted, 'cluster')).status).toBe('completed');
    await expect(show(adopted)).rejects.toMatchObject({ code: 'service.not_found' });
    expect(bundle(gone)).toMatchObject({ revision: 1, removed: false });
    expect(await show(gone)).toMatchObject({ status: 'healthy' });
  });

  it('a deletion that both have received continues, with any revisions', async () => {
    const one = await create();
    harness.agent.onBundle = (deleted) => harness.agent.report(deleted, 'deleting');
    await harness.jobs.delivered((await harness.request(reconciler.deleteInstance, one)).jobId);
    const stored = bundle(one);
    harness.agent.stored.set(one.osid, { ...stored, revision: 7, generation: 7 });
    await harness.agent.connect();
    await harness.agent.resyncAll();
    expect(await show(one)).toMatchObject({ status: 'deleting', reason: null });
    await harness.agent.report(bundle(one), 'gone');
    await expect(show(one)).rejects.toMatchObject({ code: 'service.not_found' });
  });

  it('a divergence ends when the agent has lost the foreign bundle', async () => {
    const one = await diverge();
    harness.agent.stored.delete(one.osid);
    const delivered = nextDelivery(one);
    await harness.agent.resyncAll();
    await delivered;
    expect(bundle(one)).toMatchObject({ revision: 1 });
    expect(await show(one)).toMatchObject({ status: 'healthy', reason: null, generation: 1 });
  });

  it('numbers that no revision can exceed mark nothing and break nothing', async () => {
    const one = await create();
    const stored = bundle(one);
    for (const numbers of [{ revision: 2 ** 40 }, { revision: 9, generation: 2 ** 40 }]) {
      harness.agent.stored.set(one.osid, { ...stored, ...numbers });
      await harness.agent.resyncAll();
      await harness.agent.report({ ...stored, ...numbers }, 'gone');
      await harness.agent.report({ ...stored, ...numbers }, 'ready');
    }
    expect(await show(one)).toMatchObject({ status: 'healthy', reason: null, generation: 1, observedGeneration: 1 });
    harness.agent.stored.set(one.osid, stored);
  });
});
