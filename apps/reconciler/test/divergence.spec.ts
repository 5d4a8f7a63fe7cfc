import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { backUp } from './database-backup.js';
import { type Harness, startHarness } from './harness.js';

describe('after a restore of the database', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness({ settings: { jobDeadlineSeconds: 5 } });
  }, 30_000);
  afterAll(() => harness.stop());
  afterEach(() => {
    harness.agent.isOlder = false;
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
  });

  const type = 'valkey';
  const create = async () => {
    const made = await harness.request(reconciler.createInstance, { cid: harness.cid, type, fields: {} });
    await harness.jobs.ended(made.jobId);
    await harness.agent.idle();
    return { cid: harness.cid, type, id: made.id, osid: made.osid };
  };
  type One = Awaited<ReturnType<typeof create>>;
  const change = async (one: One, cpuLimitMc: number) => {
    const updated = await harness.request(reconciler.updateInstance, { ...one, fields: { cpuLimitMc } });
    await harness.jobs.ended((updated as { jobId: string }).jobId);
    await harness.agent.idle();
  };
  const accept = async (one: One, desired: 'plane' | 'cluster') => {
    const accepted = await harness.request(reconciler.acceptInstance, { ...one, desired });
    const { job } = await harness.jobs.ended((accepted as { jobId: string }).jobId);
    await harness.agent.idle();
    return job;
  };
  const show = (one: One) => harness.request(reconciler.showInstance, one);
  const bundle = ({ osid }: One) => harness.agent.bundleOf(osid);
  /** Resolves when a bundle of the instance is delivered and reported. */
  const nextDelivery = ({ osid }: One): Promise<void> =>
    new Promise((resolve) => {
      harness.agent.onBundle = async (received) => {
        await harness.agent.reportSuccess(received);
        if (received.osid === osid) resolve();
      };
    });
  const requestsFor = ({ osid }: One) => harness.agent.instructions.filter((each) => each.osid === osid).length;
  const work = ({ osid }: One) =>
    harness.row<{ due: boolean }>(
      'SELECT next_attempt_at IS NOT NULL AS due FROM work WHERE id = (SELECT id FROM instance WHERE osid = $1)',
      [osid],
    );

  /** An instance at the backup's revision 1 whose agent stores revision 3; the agent has connected and compared. */
  const diverge = async () => {
    const one = await create();
    const restore = await backUp(harness);
    await change(one, 600);
    await change(one, 700);
    await restore();
    await harness.agent.connect();
    await harness.agent.resyncAll();
    return one;
  };
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
    expect(await work(one)).toEqual({ due: false });
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

  it('the job of an undelivered change ends at once, and says what to do', async () => {
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

  it('accept "plane" delivers the spec of the plane above the revision of the agent', async () => {
    const one = await diverge();
    const before = await show(one);
    expect((await accept(one, 'plane')).status).toBe('completed');
    expect(bundle(one)).toMatchObject({ revision: 4, generation: 4 });
    const after = await show(one);
    expect(after).toMatchObject({ status: 'healthy', reason: null, generation: 4, observedGeneration: 4 });
    expect(after['cpuLimitMc']).toBe(before['cpuLimitMc']);
    expect(after.conditions.some((condition) => condition.type === 'Diverged')).toBe(false);
    expect(await harness.agent.resyncAll()).toEqual({ unknown: [] });
    expect(await show(one)).toMatchObject({ status: 'healthy' });
  });

  it('accept "cluster" adopts the spec that the agent keeps, without a change of an object', async () => {
    const one = await diverge();
    const { digest } = bundle(one);
    expect((await accept(one, 'cluster')).status).toBe('completed');
    expect(bundle(one)).toMatchObject({ revision: 4, generation: 4, digest });
    expect(await show(one)).toMatchObject({ status: 'healthy', cpuLimitMc: 700, generation: 4, observedGeneration: 4 });
    await change(one, 800);
    expect(bundle(one)).toMatchObject({ revision: 5 });
  });

  it('accept "cluster" adopts a spec of the own history, also from an older agent', async () => {
    const one = await create();
    const restore = await backUp(harness);
    const { cpuLimitMc } = await show(one);
    await change(one, 600);
    await change(one, Number(cpuLimitMc));
    await restore();
    harness.agent.isOlder = true;
    await harness.agent.connect();
    await harness.agent.resyncAll();
    expect(await show(one)).toMatchObject({ reason: 'Diverged', message: expect.stringContaining('revision 3 of') });
    expect((await accept(one, 'cluster')).status).toBe('completed');
    expect(bundle(one).revision).toBe(4);
  });

  it('accept "cluster" is refused for a spec that is missing, forged or of another instance', async () => {
    const [one, other] = [await diverge(), await create()];
    const request = () => harness.request(reconciler.acceptInstance, { ...one, desired: 'cluster' });
    const refused = (message: string) =>
      expect(request()).rejects.toMatchObject({ code: 'conflict.diverged', message: expect.stringContaining(message) });
    const { sealedSpecs } = harness.agent;
    const [stored, own] = [bundle(one), String(sealedSpecs.get(one.osid))];
    const specs: readonly [string, string][] = [
      ['k.forged', 'does not match'],
      [String(sealedSpecs.get(other.osid)), 'does not match'],
    ];
    for (const [sealedSpec, message] of specs) {
      sealedSpecs.set(one.osid, sealedSpec);
      await refused(message);
    }
    sealedSpecs.delete(one.osid);
    await refused('without a spec');
    // The right spec does not count for other objects either.
    sealedSpecs.set(one.osid, own);
    harness.agent.stored.set(one.osid, { ...stored, digest: 'a'.repeat(64) });
    await refused('does not match');
    harness.agent.isOlder = true;
    await refused('too old');
    await harness.agent.disconnect();
    await expect(request()).rejects.toMatchObject({ code: 'unavailable' });
    expect(await show(one)).toMatchObject({ generation: 1 });
    harness.agent.isOlder = false;
    await harness.agent.connect();
    harness.agent.stored.set(one.osid, stored);
    expect((await accept(one, 'cluster')).status).toBe('completed');
  });

  it('an older agent is diverged by its resync, and is not sent the bundle for ever', async () => {
    harness.agent.isOlder = true;
    const one = await diverge();
    expect(await show(one)).toMatchObject({
      status: 'degraded',
      reason: 'Diverged',
      message: expect.stringContaining('stores revision 3 of'),
    });
    expect(await work(one)).toEqual({ due: false });
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
    for (const one of [going, adopted]) await harness.request(reconciler.deleteInstance, one);
    await harness.jobs.when(
      (
        await harness.row<{ id: string }>(`SELECT job_id AS id FROM job_ref WHERE osid = $1 AND outcome IS NULL`, [
          adopted.osid,
        ])
      ).id,
      ({ job }) => job.currentStep === 'remove',
    );
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
    await harness.request(reconciler.deleteInstance, one);
    await harness.jobs.when(
      (
        await harness.row<{ id: string }>(`SELECT job_id AS id FROM job_ref WHERE osid = $1 AND outcome IS NULL`, [
          one.osid,
        ])
      ).id,
      ({ job }) => job.currentStep === 'remove',
    );
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

  it('accept does nothing for an instance that has not diverged', async () => {
    const one = await create();
    expect(await harness.request(reconciler.acceptInstance, { ...one, desired: 'plane' })).toMatchObject({
      noOp: true,
    });
    await expect(
      harness.request(reconciler.acceptInstance, { ...one, desired: 'plane' }, { tenant: 'bbbbb' }),
    ).rejects.toMatchObject({ code: 'cluster.not_found' });
  });
});
