import { afterEach, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { backUp } from './database-backup.js';
import { type Harness, useHarness } from './harness.js';
import { restoreSteps } from './restore-steps.js';

describe('a decision about a diverged instance', () => {
  let harness: Harness;
  useHarness((started) => (harness = started), { settings: { jobDeadlineSeconds: 5 } });
  afterEach(() => {
    harness.agent.isOlder = false;
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
  });

  const { accept, bundle, change, create, diverge, show } = restoreSteps(() => harness);

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

  it('writes before the first connection that overtake the revision of the agent are refused by its history', async () => {
    for (const desired of ['plane', 'cluster'] as const) {
      const one = await create();
      const restore = await backUp(harness);
      await change(one, 600);
      await restore();
      await harness.agent.disconnect();
      const jobs = [];
      for (const cpuLimitMc of [800, 900]) {
        jobs.push(await harness.request(reconciler.updateInstance, { ...one, fields: { cpuLimitMc } }));
      }
      harness.jobs.forget();
      await harness.agent.connect();
      const [, last] = jobs as { jobId: string }[];
      expect((await harness.jobs.ended(String(last?.jobId))).job).toMatchObject({ reason: 'Diverged' });
      expect(bundle(one)).toMatchObject({ revision: 2 });
      expect(await show(one)).toMatchObject({ reason: 'Diverged', cpuLimitMc: 900 });
      const accepted = await harness.request(reconciler.acceptInstance, { ...one, desired });
      // A resync before the delivery finds what was decided about, and nothing new.
      await harness.agent.resyncAll();
      expect((await harness.jobs.ended((accepted as { jobId: string }).jobId)).job.status).toBe('completed');
      expect(bundle(one)).toMatchObject({ revision: 4 });
      expect(await show(one)).toMatchObject({ status: 'healthy', cpuLimitMc: desired === 'plane' ? 900 : 600 });
      await change(one, 950);
      expect(bundle(one)).toMatchObject({ revision: 5 });
    }
  });

  it('a deletion of the plane that the agent refuses is diverged, and accept "plane" repeats it', async () => {
    const one = await create();
    const restore = await backUp(harness);
    await change(one, 600);
    await change(one, 700);
    await restore();
    await harness.agent.disconnect();
    const { jobId } = await harness.request(reconciler.deleteInstance, one);
    harness.jobs.forget();
    await harness.agent.connect();
    expect((await harness.jobs.ended(jobId)).job).toMatchObject({ status: 'failed', reason: 'Diverged' });
    expect(await show(one)).toMatchObject({ status: 'deleting', reason: 'Diverged' });
    expect(bundle(one)).toMatchObject({ revision: 3, removed: false });
    const job = await accept(one, 'plane');
    expect(job).toMatchObject({ type: 'service.delete', status: 'completed' });
    await expect(show(one)).rejects.toMatchObject({ code: 'service.not_found' });
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
