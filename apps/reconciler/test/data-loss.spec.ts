import { beforeEach, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { type Harness, type Instance, useHarness } from './harness.js';
import { waveSteps } from './wave-steps.js';

let harness: Harness;
let one: Instance;
useHarness((started) => (harness = started));

const message = () =>
  `PersistentVolumeClaim data-${one.osid}-0 is being deleted, and its data is lost when the pod that uses it ends.`;
const condition = (status: 'True' | 'False') => ({
  type: 'DataAtRisk',
  status,
  reason: status === 'True' ? 'ClaimTerminating' : 'NothingAtRisk',
  message: status === 'True' ? message() : '',
});
const claim = () => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  namespace: one.osid,
  name: `data-${one.osid}-0`,
  state: 'degraded',
  reason: 'ClaimTerminating',
  message: message(),
});
const reportRisk = () =>
  harness.agent.report(harness.agent.bundleOf(one.osid), 'degraded', {
    conditions: [condition('True')],
    objects: [claim()],
    replicas: { desired: 1, ready: 1 },
  });
const reportNone = () =>
  harness.agent.report(harness.agent.bundleOf(one.osid), 'ready', { conditions: [condition('False')] });
const refusal = () => ({
  code: 'conflict.data_loss',
  message: expect.stringMatching(/^PersistentVolumeClaim .*\?force=true/),
});
const update = (fields: Record<string, unknown>, force?: boolean) =>
  harness.request(reconciler.updateInstance, { ...one, fields, ...(force === undefined ? {} : { force }) });
const restart = (force?: boolean) =>
  harness.request(reconciler.restartInstance, { ...one, ...(force === undefined ? {} : { force }) });
const jobOf = (written: object) => (written as { jobId: string }).jobId;
const events = async () => (await harness.request(reconciler.listInstanceEvents, { ...one, limit: 50 })).events;

beforeEach(async () => {
  harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
  one = await harness.create('valkey', { replicas: 2 });
});

describe('an instance whose data is at risk', () => {
  it('is degraded with one event, also when the status is repeated', async () => {
    await reportRisk();
    await reportRisk();
    expect(await harness.request(reconciler.showInstance, one)).toMatchObject({
      status: 'degraded',
      reason: 'ClaimTerminating',
      message: expect.stringContaining(message()),
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'DataAtRisk', status: 'True' })]),
    });
    const found = (await events()).filter(({ type }) => type === 'DataAtRisk');
    expect(found).toMatchObject([{ message: message(), object: null, fields: [] }]);
  });

  it('refuses writes that would replace its pods, and accepts them by force', async () => {
    await reportRisk();
    await expect(update({ cpuLimitMc: 700 })).rejects.toMatchObject(refusal());
    await expect(update({ replicas: 1 })).rejects.toMatchObject(refusal());
    await expect(restart()).rejects.toMatchObject(refusal());
    await expect(update({ cpuLimitMc: 700 }, false)).rejects.toMatchObject(refusal());
    await harness.jobs.ended(jobOf(await update({ cpuLimitMc: 700 }, true)));
    await reportRisk();
    await harness.jobs.ended((await restart(true)).jobId);
  });

  it('refuses a restart that an operator makes', async () => {
    one = await harness.create('postgresql');
    await reportRisk();
    await expect(restart()).rejects.toMatchObject(refusal());
    await harness.jobs.ended((await restart(true)).jobId);
  });

  it('accepts writes that replace no pod, and a deletion', async () => {
    await reportRisk();
    await harness.jobs.ended(jobOf(await update({ driftPolicy: 'report' })));
    await reportRisk();
    await harness.jobs.ended(jobOf(await update({ replicas: 3 })));
    await reportRisk();
    await harness.jobs.ended((await harness.request(reconciler.deleteInstance, one)).jobId);
  });

  it('refuses writes that would overwrite drift, because that may replace its pods', async () => {
    const drifted = {
      type: 'Drifted',
      status: 'True',
      reason: 'Reported',
      message: 'resources of StatefulSet',
    } as const;
    await harness.agent.report(harness.agent.bundleOf(one.osid), 'degraded', {
      conditions: [condition('True'), drifted],
      objects: [claim()],
    });
    await expect(update({ replicas: 3 })).rejects.toMatchObject(refusal());
    await harness.jobs.ended(jobOf(await update({ replicas: 3 }, true)));
  });

  it('accepts every write once nothing is at risk', async () => {
    await reportRisk();
    await expect(restart()).rejects.toMatchObject(refusal());
    await reportNone();
    await harness.jobs.ended((await restart()).jobId);
  });

  it('fails a queued restart when it leaves the queue, unless it was forced', async () => {
    harness.agent.onBundle = () => Promise.resolve();
    const first = jobOf(await update({ cpuLimitMc: 700 }));
    await harness.jobs.delivered(first);
    const queued = (await restart()).jobId;
    const { generation } = await harness.request(reconciler.showInstance, one);
    await reportRisk();
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    await harness.agent.report(harness.agent.bundleOf(one.osid), 'ready', { conditions: [condition('True')] });
    await harness.jobs.ended(first);
    await harness.jobs.ended(queued);
    expect(harness.jobs.get(queued)?.job).toMatchObject({
      status: 'failed',
      reason: 'Refused',
      error: refusal().message,
    });
    const shown = await harness.request(reconciler.showInstance, one);
    expect(shown).toMatchObject({ generation, observedGeneration: generation });
  });

  it('keeps a job running whose cancellation would replace its pods', async () => {
    harness.agent.onBundle = () => Promise.resolve();
    const jobId = jobOf(await update({ cpuLimitMc: 700 }));
    await harness.jobs.delivered(jobId);
    await reportRisk();
    const answer = await harness.request(reconciler.cancelJob, { id: jobId });
    expect(answer).toMatchObject({ cancelled: false, message: expect.stringContaining(message()) });
    await reportNone();
    await harness.jobs.ended(jobId);
  });

  it('makes a forced change at once, also while another job waits for ever, with the consent for the agent', async () => {
    const accepted: unknown[] = [];
    harness.agent.onBundle = ({ acceptDataLoss }) => Promise.resolve(void accepted.push(acceptDataLoss));
    const first = jobOf(await update({ cpuLimitMc: 700 }));
    await harness.jobs.delivered(first);
    await reportRisk();
    const forced = (await restart(true)).jobId;
    await harness.jobs.delivered(forced);
    expect(harness.jobs.get(first)?.job).toMatchObject({ status: 'cancelled', reason: 'Superseded' });
    harness.agent.onBundle = (bundle) => {
      accepted.push(bundle.acceptDataLoss);
      return harness.agent.reportSuccess(bundle);
    };
    await reportNone();
    await harness.jobs.ended(forced);
    await harness.jobs.ended(jobOf(await update({ cpuLimitMc: 800 })));
    expect(accepted).toEqual([undefined, true, undefined]);
  });

  it('shows what the agent refuses to keep data; that can be cancelled, or forced', async () => {
    const refused = {
      type: 'Applied',
      status: 'False',
      reason: 'DataAtRisk',
      message: `Not changed. ${message()}`,
    } as const;
    harness.agent.onBundle = () => Promise.resolve();
    const refuse = async (fields: Record<string, unknown>) => {
      await reportNone();
      const jobId = jobOf(await update(fields));
      await harness.jobs.delivered(jobId);
      await harness.agent.report(harness.agent.bundleOf(one.osid), 'degraded', {
        conditions: [condition('True'), refused],
        objects: [claim()],
        replicas: { desired: 2, ready: 2 },
      });
      return jobId;
    };
    const cancelled = await refuse({ cpuLimitMc: 700 });
    expect(await events()).toContainEqual(expect.objectContaining({ type: 'ChangeRefused', message: refused.message }));
    expect(await harness.request(reconciler.cancelJob, { id: cancelled })).toMatchObject({ cancelled: true });
    const open = await refuse({ cpuLimitMc: 800 });
    expect(await update({ cpuLimitMc: 800 })).toMatchObject({
      noOp: true,
      message: `${one.osid} has the requested spec already, but it is not applied. ${refused.message}`,
    });
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    await harness.jobs.ended(jobOf(await update({ cpuLimitMc: 800 }, true)));
    expect(harness.jobs.get(open)?.job).toMatchObject({ status: 'cancelled', reason: 'Superseded' });
  });

  it('is blocked in the plans of upgrades that would replace its pods, and skipped by those of its type', async () => {
    const { newerBuild, added, plan, start, ended, instanceOf } = waveSteps(() => harness);
    const osidsOf = (listed: readonly { readonly osid: string }[]) => listed.map(({ osid }) => osid);
    await reportRisk();
    newerBuild();
    const block = { reason: 'DataAtRisk', message: expect.stringContaining(message()) };
    const planned = await plan({ version: '9.0' });
    expect(planned.blocked).toContainEqual({ cid: one.cid, osid: one.osid, ...block });
    const counts = { blocked: planned.blocked.length, changing: planned.instances.length };
    expect(planned.counts).toMatchObject(counts);
    expect(osidsOf(planned.instances)).not.toContain(one.osid);
    const single = { ...one, version: '9.0' };
    expect(await harness.request(reconciler.planInstanceUpgrade, single)).toMatchObject({
      changes: true,
      blocked: block,
    });
    await expect(harness.request(reconciler.upgradeInstance, single)).rejects.toMatchObject(refusal());
    const { id } = await start({ version: '9.0' });
    expect(instanceOf(await ended(id), one)).toMatchObject({ state: 'skipped', ...block });
    for (const takeAway of added) takeAway();
  });

  it('is not blocked in the plans of upgrades that replace no pod', async () => {
    const { newerBuild, added, plan } = waveSteps(() => harness);
    await reportRisk();
    newerBuild();
    const planned = await plan();
    expect(planned).toMatchObject({ blocked: [], counts: { blocked: 0 } });
    expect(planned.instances).toContainEqual(expect.objectContaining({ osid: one.osid, restartsPods: false }));
    expect(await harness.request(reconciler.planInstanceUpgrade, one)).not.toHaveProperty('blocked');
    for (const takeAway of added) takeAway();
  });
});
