import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { type Harness, startHarness } from './harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
  harness.agent.onBundle = () => Promise.resolve();
}, 30_000);
afterAll(() => harness.stop());

/** An instance whose bundle is delivered, and not reported yet. */
async function create() {
  await harness.agent.connect();
  const created = await harness.request(reconciler.createInstance, { cid: harness.cid, type: 'valkey', fields: {} });
  await harness.jobs.delivered(created.jobId);
  return { ...created, bundle: harness.agent.bundleOf(created.osid) };
}

const jobStatus = async (jobId: string) =>
  (await harness.sql<{ outcome: string | null }>('SELECT outcome FROM job_ref WHERE job_id = $1', [jobId]))[0]?.outcome;

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

  it('does not keep the statuses of our agent from counting that were sent before it', async () => {
    const { jobId, bundle } = await create();
    const sent = harness.agent.compose(bundle, 'ready');
    await harness.agent.connect({ clusterUid: 'uid-2' });
    await harness.agent.send(sent);
    await harness.jobs.when(jobId, ({ job }) => job.status === 'completed');
  });
});
