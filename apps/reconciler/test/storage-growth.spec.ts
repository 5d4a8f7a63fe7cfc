import { beforeEach, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { type Harness, type Instance, useHarness } from './harness.js';

let harness: Harness;
let one: Instance;
useHarness((started) => (harness = started));

const message = () =>
  `Claim ${one.osid}-1 requests 20480Mi, nothing is allocated, and its volume has 10240Mi: no space.`;
const claim = () => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  namespace: one.osid,
  name: `${one.osid}-1`,
  state: 'degraded',
  reason: 'ControllerResizeError',
  message: message(),
});
const condition = () => ({
  type: 'StorageResized',
  status: 'False' as const,
  reason: 'ControllerResizeError',
  message: message(),
});
const refuseGrowth = () =>
  harness.agent.report(harness.agent.bundleOf(one.osid), 'degraded', {
    conditions: [condition()],
    objects: [claim()],
    replicas: { desired: 1, ready: 1 },
    volumeCapacityMb: 10_240,
  });
const reportCapacity = (volumeCapacityMb: number) =>
  harness.agent.report(harness.agent.bundleOf(one.osid), 'ready', { volumeCapacityMb });
const setStorage = async (storageMb: number) =>
  (await harness.request(reconciler.updateInstance, { ...one, fields: { storageMb } })) as { jobId: string };
const show = () => harness.request(reconciler.showInstance, one);

beforeEach(async () => {
  harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
  one = await harness.create('postgresql', { storageMb: 10_240 });
  await reportCapacity(10_240);
});

/** Storage grows, and the storage driver refuses. Returns the job. */
async function growInVain(): Promise<string> {
  harness.agent.onBundle = () => Promise.resolve();
  const { jobId } = await setStorage(20_480);
  await harness.jobs.delivered(jobId);
  await refuseGrowth();
  harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
  return jobId;
}

describe('storage that cannot grow', () => {
  it('keeps the job waiting with the reason, and the instance degraded', async () => {
    const jobId = await growInVain();
    const { job } = await harness.jobs.when(jobId, (one) => one.job.reason === 'ControllerResizeError');
    expect(job).toMatchObject({ status: 'running', currentStep: 'wait-ready' });
    expect(harness.jobs.linesOf(jobId).at(-1)).toContain('no space');
    expect(await show()).toMatchObject({
      status: 'degraded',
      reason: 'ControllerResizeError',
      message: message(),
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'StorageResized', status: 'False' })]),
    });
    await refuseGrowth();
    const { events } = await harness.request(reconciler.listInstanceEvents, { ...one, limit: 50 });
    expect(events.filter(({ type }) => type === 'StorageResizeFailed')).toMatchObject([{ message: message() }]);
  });

  it('may go back to what the volumes really have, and not below', async () => {
    await growInVain();
    await expect(setStorage(10_239)).rejects.toMatchObject({ code: 'sizing.invalid' });
    await harness.jobs.ended((await setStorage(10_240)).jobId);
    expect(await show()).toMatchObject({ status: 'healthy', storageMb: 10_240 });
  });

  it('goes back when its job is cancelled', async () => {
    const id = await growInVain();
    expect(await harness.request(reconciler.cancelJob, { id })).toMatchObject({ cancelled: true });
    expect(await show()).toMatchObject({ storageMb: 10_240 });
  });
});

describe('storage that has grown', () => {
  it('stays when its job is cancelled, because volumes never shrink', async () => {
    harness.agent.onBundle = () => Promise.resolve();
    const { jobId } = await setStorage(20_480);
    await harness.jobs.delivered(jobId);
    await harness.agent.report(harness.agent.bundleOf(one.osid), 'applied', { volumeCapacityMb: 20_480 });
    expect(await harness.request(reconciler.cancelJob, { id: jobId })).toMatchObject({
      cancelled: true,
      message: expect.stringMatching(/restores the previous revision, except storageMb, which never go back\.$/),
    });
    expect(await show()).toMatchObject({ storageMb: 20_480 });
  });

  it('does not go back, nor where the capacity of the volumes is unknown', async () => {
    await harness.jobs.ended((await setStorage(20_480)).jobId);
    await expect(setStorage(10_240)).rejects.toMatchObject({ code: 'sizing.invalid' });
    await reportCapacity(20_480);
    await expect(setStorage(10_240)).rejects.toMatchObject({ code: 'sizing.invalid' });
  });
});
