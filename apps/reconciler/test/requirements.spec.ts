import { afterAll, describe, expect, it } from '@jest/globals';
import { bucketHashes, bucketOf, type ResyncEntry, rootOf } from '@runos/agent-protocol';
import { reconciler } from '@runos/contracts';
import { kindRules } from '@runos/service-types';
import { addServiceType, relay } from '@runos/service-types/testing';
import { type Harness, useHarness } from './harness.js';

describe('an instance of a type that requires another', () => {
  let harness: Harness;
  const remove = addServiceType(relay);
  useHarness((started) => (harness = started));
  afterAll(remove);

  const create = (type: string, fields = {}) =>
    harness.request(reconciler.createInstance, { cid: harness.cid, type, fields });
  const one = (type: string, id: string) => ({ cid: harness.cid, type, id });
  const deleted = async (type: string, id: string) => {
    const { jobId } = await harness.request(reconciler.deleteInstance, one(type, id));
    return harness.jobs.ended(jobId);
  };

  it('is delivered when the required instance is healthy, and not before', async () => {
    const { agent } = harness;
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const report = agent.onBundle;
    agent.onBundle = async (bundle) => {
      if (bundle.osid.startsWith('valkey')) await held;
      await report(bundle);
    };
    const cache = await create('valkey');
    const made = await create('relay', { requires: { cache: { id: cache.id } }, mode: 'safe' });
    const waiting = await harness.jobs.when(made.jobId, ({ job }) => job.reason === 'RequirementNotReady');
    expect(waiting.job).toMatchObject({ status: 'running', progress: `waiting until ${cache.osid} is ready` });
    expect(agent.stored.has(made.osid)).toBe(false);
    expect(await harness.request(reconciler.showInstance, one('relay', made.id))).toMatchObject({
      status: 'pending',
      reason: 'RequirementNotReady',
      message: `waiting until ${cache.osid} is ready`,
    });
    const { services } = await harness.request(reconciler.listInstances, { cid: harness.cid, limit: 100 });
    expect(services).toContainEqual(
      expect.objectContaining({ osid: made.osid, status: 'pending', reason: 'RequirementNotReady' }),
    );

    release();
    expect((await harness.jobs.ended(made.jobId)).job.status).toBe('completed');
    expect(agent.stored.has(made.osid)).toBe(true);
    agent.onBundle = report;
    expect(await harness.request(reconciler.showInstance, one('relay', made.id))).toMatchObject({
      status: 'healthy',
      mode: 'safe',
      region: 'eu',
      requires: { cache: { type: 'valkey', id: cache.id, osid: cache.osid } },
    });

    // A required instance that fails later holds nothing back.
    await agent.report(agent.bundleOf(cache.osid), 'failed');
    const { jobId } = (await harness.request(reconciler.updateInstance, {
      ...one('relay', made.id),
      fields: { mode: 'fast' },
    })) as { jobId: string };
    expect((await harness.jobs.ended(jobId)).job.status).toBe('completed');
  });

  it('keeps the required instance from being deleted', async () => {
    const cache = await create('valkey');
    await harness.jobs.ended(cache.jobId);
    const made = await create('relay', { requires: { cache: { id: cache.osid } } });
    await harness.jobs.ended(made.jobId);
    await expect(harness.request(reconciler.deleteInstance, one('valkey', cache.id))).rejects.toMatchObject({
      code: 'service.in_use',
      message: expect.stringContaining(made.osid),
      details: { instances: 1, osids: [made.osid] },
    });
    expect((await deleted('relay', made.id)).job.status).toBe('completed');
    expect((await deleted('valkey', cache.id)).job.status).toBe('completed');
  });

  it('keeps the creation of the required instance from being cancelled, delivered or not', async () => {
    const { agent, jobs } = harness;
    const report = agent.onBundle;
    agent.onBundle = (bundle) => agent.report(bundle, 'applying').catch(() => undefined);
    const delivered = await create('valkey');
    await jobs.delivered(delivered.jobId);
    await agent.disconnect();
    const waiting = await create('valkey');
    for (const cache of [delivered, waiting]) {
      const made = await create('relay', { requires: { cache: { id: cache.id } } });
      await expect(harness.request(reconciler.cancelJob, { id: cache.jobId })).rejects.toMatchObject({
        code: 'service.in_use',
        details: { instances: 1, osids: [made.osid] },
      });
      const job = await harness.row('SELECT outcome FROM job_ref WHERE job_id = $1', [cache.jobId]);
      expect(job).toEqual({ outcome: null });
    }
    agent.onBundle = report;
    await agent.connect();
    expect((await jobs.ended(waiting.jobId)).job.status).toBe('completed');
  });

  it('waits for a required instance that is degraded without a ready replica', async () => {
    const { agent, jobs } = harness;
    const report = agent.onBundle;
    const none = { replicas: { desired: 1, ready: 0 } };
    agent.onBundle = (bundle) =>
      bundle.osid.startsWith('valkey') ? agent.report(bundle, 'degraded', none) : report(bundle);
    const cache = await create('valkey');
    await jobs.when(cache.jobId, ({ job }) => job.currentStep === 'wait-ready');
    const made = await create('relay', { requires: { cache: { id: cache.id } } });
    await jobs.when(made.jobId, ({ job }) => job.reason === 'RequirementNotReady');
    expect(agent.stored.has(made.osid)).toBe(false);
    await agent.report(agent.bundleOf(cache.osid), 'degraded', { replicas: { desired: 2, ready: 1 } });
    expect((await jobs.ended(made.jobId)).job.status).toBe('completed');
    agent.onBundle = report;
  });

  it.each([
    [{}, 'needs an instance of valkey'],
    [{ requires: { cache: { id: 'zzzzz' } } }, 'does not exist'],
  ])('is refused with %j', async (fields, message) => {
    await expect(create('relay', fields)).rejects.toMatchObject({
      code: 'request.invalid',
      details: { issues: [{ path: 'requires.cache', message: expect.stringContaining(message) }] },
    });
  });

  it('is refused when the required instance is being deleted, and of another type', async () => {
    const { agent } = harness;
    const cache = await create('valkey');
    await harness.jobs.ended(cache.jobId);
    const other = await create('rabbitmq');
    await expect(create('relay', { requires: { cache: { id: other.id } } })).rejects.toMatchObject({
      code: 'request.invalid',
    });
    const report = agent.onBundle;
    agent.onBundle = () => Promise.resolve();
    await harness.request(reconciler.deleteInstance, one('valkey', cache.id));
    await expect(create('relay', { requires: { cache: { id: cache.id } } })).rejects.toMatchObject({
      details: { issues: [{ message: expect.stringContaining('being deleted') }] },
    });
    agent.onBundle = report;
  });
});

describe('the kinds of bundles', () => {
  let harness: Harness;
  useHarness((started) => (harness = started));

  it('are part of the hashes of agents that store them, and missing ones are delivered again', async () => {
    const { agent } = harness;
    const fields = {};
    const made = await harness.request(reconciler.createInstance, { cid: harness.cid, type: 'postgresql', fields });
    await harness.jobs.ended(made.jobId);
    const { revision, digest } = agent.bundleOf(made.osid);
    const without: ResyncEntry = { osid: made.osid as ResyncEntry['osid'], revision, digest };
    const withKinds = { ...without, kindsDigest: kindRules('postgresql')?.kindsDigest };
    const rootStep = (entry: ResyncEntry, kinds?: boolean) =>
      agent.resync({ step: 'root', count: 1, root: rootOf([entry]), kinds });
    expect(await rootStep(without)).toEqual({ equal: true });
    expect(await rootStep(withKinds)).toEqual({ equal: false });
    expect(await rootStep(withKinds, true)).toEqual({ equal: true });
    expect(await rootStep(without, true)).toEqual({ equal: false });

    const bucket = bucketOf(made.osid);
    const buckets = bucketHashes([without]);
    expect(await agent.resync({ step: 'buckets', buckets, kinds: true })).toEqual({ differing: [bucket] });
    const before = agent.instructions.length;
    const list = { step: 'list' as const, buckets: [bucket], last: true };
    await agent.resync({ ...list, entries: [withKinds], kinds: true });
    await agent.resync({ ...list, entries: [without] });
    await agent.idle();
    expect(agent.instructions).toHaveLength(before);
    const delivered = new Promise<void>((resolve) => {
      agent.onBundle = async () => resolve();
    });
    await agent.resync({ ...list, entries: [{ ...without, kindsDigest: 'a'.repeat(64) }], kinds: true });
    await delivered;
    expect(agent.instructions.at(-1)).toMatchObject({ osid: made.osid, revision, digest });
  });
});
