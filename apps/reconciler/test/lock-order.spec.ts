import { afterAll, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { runSql } from '@runos/persistence';
import { addServiceType, relay } from '@runos/service-types/testing';
import { waitUntil } from '@runos/testing-process';
import { addonSteps, detected, missing } from './addon-steps.js';
import { type Harness, useHarness } from './harness.js';
import { countWaiting } from './opposite-locks.js';

/** Locks the work of an instance until `change` waits for it, then a job. @throws Error if `change` has locked the job before */
async function lockWorkThenJob(
  { database }: Harness,
  { osid, jobId }: { readonly osid: string; readonly jobId: string },
  change: () => Promise<unknown>,
): Promise<void> {
  let changing: Promise<unknown> | undefined;
  await database.transaction(
    async (sql) => {
      const work = 'SELECT 1 FROM work w JOIN instance i USING (id) WHERE i.osid = $1 FOR NO KEY UPDATE OF w';
      await runSql(sql, work, [osid]);
      changing = change();
      const isWaiting = async () => (await countWaiting(database)) > 0;
      await waitUntil(isWaiting, { because: () => 'no statement waits for the work' });
      await runSql(sql, 'SELECT 1 FROM job_ref WHERE job_id = $1 FOR NO KEY UPDATE', [jobId]);
    },
    { retries: 0, lockTimeoutMs: 500 },
  );
  await changing;
}

describe('the status of an instance that others wait for', () => {
  let harness: Harness;
  const remove = addServiceType(relay);
  useHarness((started) => (harness = started));
  afterAll(remove);

  it('locks their work before its own job', async () => {
    const { agent, jobs, cid } = harness;
    const create = (type: string, fields = {}) => harness.request(reconciler.createInstance, { cid, type, fields });
    const report = agent.onBundle;
    agent.onBundle = (bundle) => agent.report(bundle, 'applying').catch(() => undefined);
    const cache = await create('valkey');
    await jobs.delivered(cache.jobId);
    await agent.idle();
    agent.onBundle = report;
    const { osid, jobId } = await create('relay', { requires: { cache: { id: cache.id } } });
    await jobs.when(jobId, ({ job }) => job.reason === 'RequirementNotReady');
    const ready = () => report(agent.bundleOf(cache.osid));
    await lockWorkThenJob(harness, { osid, jobId: cache.jobId }, ready);
    for (const ended of [cache.jobId, jobId]) expect((await jobs.ended(ended)).job.status).toBe('completed');
  });
});

describe('an add-on that instances wait for', () => {
  const steps = addonSteps();

  it('locks their work before its own job', async () => {
    const { agent, jobs } = steps.harness;
    await agent.reportAddons([missing]);
    const { jobId } = await steps.install();
    await steps.progressOf(jobId, /waiting until cloudnative-pg is ready/);
    const waiting = await steps.create('postgresql');
    await jobs.when(waiting.jobId, ({ job }) => job.reason === 'AddonNotReady');
    await lockWorkThenJob(steps.harness, { osid: waiting.osid, jobId }, () => agent.reportAddons([detected()]));
    expect((await jobs.ended(jobId)).job.status).toBe('completed');
  });
});
