import { describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { waitUntil } from '@runos/testing-process';
import { missing } from './addon-steps.js';
import { type Harness, useHarness } from './harness.js';

let harness: Harness;
useHarness(async (started) => {
  harness = started;
  harness.agent.onBundle = () => Promise.resolve();
});

/** An instance whose bundle is delivered, and not reported yet. */
async function create() {
  await harness.agent.connect();
  const created = await harness.request(reconciler.createInstance, { cid: harness.cid, type: 'valkey', fields: {} });
  await harness.jobs.delivered(created.jobId);
  return { ...created, bundle: harness.agent.bundleOf(created.osid) };
}

const jobStatus = async (jobId: string) =>
  (await harness.sql<{ outcome: string | null }>('SELECT outcome FROM job_ref WHERE job_id = $1', [jobId]))[0]?.outcome;

/** The bundles that the agent has received since. */
const received = () => harness.agent.instructions.map(({ osid }) => osid);

const rowsOf = async (osid: string) => (await harness.sql('SELECT 1 FROM instance WHERE osid = $1', [osid])).length;

describe('an agent in another Kubernetes cluster', () => {
  it('ends no job by its statuses, and deletes no instance', async () => {
    const { jobId, osid, id, bundle } = await create();
    await harness.agent.connect({ clusterUid: 'uid-2' });
    await harness.agent.report(bundle, 'ready');
    expect(await jobStatus(jobId)).toBeNull();
    await harness.request(reconciler.deleteInstance, { cid: harness.cid, type: 'valkey', id });
    await harness.agent.report({ ...bundle, generation: bundle.generation + 1 }, 'gone');
    expect(await rowsOf(osid)).toBe(1);
  });

  it('makes no instance diverge by its resync', async () => {
    const { jobId, osid, bundle } = await create();
    await harness.agent.connect({ clusterUid: 'uid-2' });
    harness.agent.stored.set(osid, { ...bundle, revision: 7, digest: 'ef'.repeat(32) });
    await harness.agent.resyncAll();
    expect(await jobStatus(jobId)).toBeNull();
  });

  it('receives no bundle while its connection is not reported yet', async () => {
    await create();
    const known = received();
    harness.agent.dial({ clusterUid: 'uid-2' });
    const next = await harness.request(reconciler.createInstance, { cid: harness.cid, type: 'valkey', fields: {} });
    await harness.jobs.when(next.jobId, ({ job }) => job.reason === 'AgentAbsent');
    expect(received()).toEqual(known);
    await harness.agent.reportConnection({});
    expect(received()).toEqual(known);
    await harness.agent.connect();
    await harness.jobs.when(next.jobId, ({ job }) => job.currentStep === 'apply');
    expect(received()).toEqual([...known, next.osid]);
  });

  it('receives no request while its connection is not reported yet', async () => {
    const { jobId, osid, id } = await create();
    const deletion = await harness.request(reconciler.deleteInstance, { cid: harness.cid, type: 'valkey', id });
    await harness.jobs.when(deletion.jobId, ({ job }) => job.currentStep === 'remove');
    await harness.jobs.ended(jobId);
    harness.agent.dial({ clusterUid: 'uid-2' });
    const holds: string[] = [];
    harness.agent.onHold = () => {
      holds.push(osid);
      return { held: true };
    };
    expect(await harness.request(reconciler.cancelJob, { id: deletion.jobId })).toMatchObject({ cancelled: false });
    expect(holds).toEqual([]);
  });

  it('ends no job by statuses, and reports no add-ons, while its connection is not reported yet', async () => {
    const { jobId, bundle } = await create();
    harness.agent.dial({ clusterUid: 'uid-2' });
    await harness.agent.report(bundle, 'ready');
    expect(await jobStatus(jobId)).toBeNull();
    harness.agent.stored.set(bundle.osid, { ...bundle, revision: 7, digest: 'ef'.repeat(32) });
    await harness.agent.resyncAll();
    expect(await jobStatus(jobId)).toBeNull();
    await harness.agent.reportAddons([missing]);
    const { addons } = await harness.request(reconciler.listAddons, { cid: harness.cid });
    expect(addons.find(({ name }) => name === missing.name)).toMatchObject({ state: 'unknown' });
  });

  it('does not keep our agent from its resync, whose connection is not reported yet', async () => {
    const { osid, bundle } = await create();
    await harness.agent.connect({ clusterUid: 'uid-2' });
    harness.agent.dial();
    harness.agent.stored.delete(osid);
    await harness.agent.resyncAll();
    await harness.agent.reportConnection({});
    const options = { because: () => 'the bundle was not delivered again' };
    await waitUntil(async () => harness.agent.stored.has(osid), options);
    expect(harness.agent.stored.get(osid)).toEqual(bundle);
  });

  it('does not keep the statuses of our agent from counting that were sent before it', async () => {
    const { jobId, bundle } = await create();
    const sent = harness.agent.compose(bundle, 'ready');
    await harness.agent.connect({ clusterUid: 'uid-2' });
    await harness.agent.send(sent);
    await harness.jobs.when(jobId, ({ job }) => job.status === 'completed');
  });
});
