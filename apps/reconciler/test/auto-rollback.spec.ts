import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { mapAt, mapsIn } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import { JobDeadlines } from '../src/jobs/job-deadlines.js';
import { AutoRollback } from '../src/revisions/auto-rollback.js';
import { type Harness, type Instance, useHarness } from './harness.js';
import type { StoredBundle } from './stored-bundle.js';

const good = 'ghcr.io/acme/shop:1.4';
const bad = 'ghcr.io/acme/shop:bad';
const log = ['listening', 'Error: no such table'];

describe('a rollout that fails', () => {
  let harness: Harness;
  useHarness((started) => (harness = started), { settings: { jobDeadlineSeconds: 6 }, replicas: 2 });
  afterEach(() => {
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
  });

  const imageOf = ({ objects }: StoredBundle): unknown => {
    const deployment = objects.find(({ kind }) => kind === 'Deployment') ?? {};
    return mapsIn(mapAt(deployment, 'spec', 'template', 'spec')['containers'])[0]?.['image'];
  };
  const cause = (osid: string) => `Pod ${osid}-x cannot pull ${bad} from registry ghcr.io: not found.`;
  const fail = (bundle: StoredBundle, replicas: { desired: number; ready: number; outdated?: number }) =>
    harness.agent.report(bundle, replicas.ready === 0 ? 'failed' : 'degraded', {
      replicas,
      objects: [
        {
          apiVersion: 'v1',
          kind: 'Pod',
          namespace: bundle.osid,
          name: `${bundle.osid}-x`,
          state: 'failed',
          reason: 'ImagePullBackOff',
          message: cause(bundle.osid),
          log,
        },
      ],
    });
  const serving = { desired: 1, ready: 1, outdated: 1 };
  /** Bundles with the bad image never get ready. */
  const failBad = (replicas: Parameters<typeof fail>[1] = serving) => {
    harness.agent.onBundle = (bundle) =>
      imageOf(bundle) === bad ? fail(bundle, replicas) : harness.agent.reportSuccess(bundle);
  };
  const create = (fields: Record<string, unknown> = {}) =>
    harness.create('app', { image: good, autoRollback: true, ...fields });
  const update = async (one: Instance, fields: Record<string, unknown>) => {
    const answer = await harness.request(reconciler.updateInstance, { ...one, fields });
    if (!('jobId' in answer)) throw new Error(`no job: ${JSON.stringify(answer)}`);
    return answer.jobId;
  };
  const ended = async (id: string) => (await harness.jobs.ended(id)).job;
  const show = ({ id }: Instance) => harness.request(reconciler.showApp, { cid: harness.cid, id });
  const rollbacksOf = (jobId: string) =>
    harness.sql<{ id: string }>('SELECT job_id AS id FROM job_ref WHERE rolls_back = $1', [jobId]);
  const rollbackOf = async (jobId: string) => {
    const found = await rollbacksOf(jobId);
    expect(found).toHaveLength(1);
    return found[0]?.id ?? '';
  };

  it('states its cause, the last log lines and the pods that still serve, and goes nowhere by default', async () => {
    const one = await create({ autoRollback: undefined });
    expect(await show(one)).not.toHaveProperty('autoRollback');
    failBad();
    const jobId = await update(one, { image: bad });
    const job = await ended(jobId);
    const serves = 'The pods of revision 1 still serve: 1 of 1 are ready.';
    expect(job).toMatchObject({
      status: 'failed',
      reason: 'ImagePullBackOff',
      error: `${one.osid} did not get ready within 6 seconds: ${cause(one.osid)} ${serves} Its last log lines:\n${log.join('\n')}`,
    });
    expect(job).not.toHaveProperty('rollsBack');
    expect(await show(one)).toMatchObject({
      status: 'degraded',
      image: bad,
      message: `${cause(one.osid)} ${serves}`,
    });
    expect(await rollbacksOf(jobId)).toEqual([]);
  });

  it('states that no pod serves', async () => {
    const one = await create({ autoRollback: false, deploymentStrategy: 'recreate' });
    failBad({ desired: 1, ready: 0 });
    expect((await ended(await update(one, { image: bad }))).error).toContain(`${cause(one.osid)} No pod serves. `);
    expect(await show(one)).toMatchObject({ status: 'unhealthy', message: `${cause(one.osid)} No pod serves.` });
  });

  it('goes back to the last revision that was ready, by a job that names it', async () => {
    const one = await create();
    await ended(await update(one, { cpuLimitMc: 900 }));
    failBad();
    const jobId = await update(one, { image: bad, cpuLimitMc: 800 });
    const failed = await ended(jobId);
    const rollback = await rollbackOf(jobId);
    expect(failed.error).toContain(`1 of 1 are ready. Job ${rollback} goes back to revision 2. Its last log lines:\n`);
    expect(await ended(rollback)).toMatchObject({ type: 'app.update', status: 'completed', rollsBack: jobId });
    expect(harness.jobs.linesOf(rollback)).toContain(
      `Job ${jobId} failed (ImagePullBackOff). This job goes back to revision 2 by itself.`,
    );
    expect(await show(one)).toMatchObject({ status: 'healthy', image: good, cpuLimitMc: 900, message: null });
    const { events } = await harness.request(reconciler.listInstanceEvents, { ...one, limit: 50 });
    expect(events.filter(({ type }) => type === 'RolledBack').map(({ message }) => message)).toEqual([
      `The rollout of revision 3 failed (ImagePullBackOff, job ${jobId}). Job ${rollback} goes back to revision 2.`,
    ]);
    const { revisions } = await harness.request(reconciler.listInstanceRevisions, { ...one, limit: 1 });
    expect(revisions).toMatchObject([
      { revision: 4, jobId: rollback, changedBy: `automatic rollback of job ${jobId}` },
    ]);
  });

  it('names the accepted change that it takes back too', async () => {
    const one = await create();
    harness.agent.onBundle = (bundle) => fail(bundle, serving);
    await update(one, { cpuLimitMc: 900 });
    failBad();
    const jobId = await update(one, { image: bad });
    const failed = await ended(jobId);
    const also = /goes back to revision 1\. This also takes back revision 2 by [^ ]+ \(cpuLimitMc[^)]*\)\./;
    expect(failed.error).toMatch(also);
    const rollback = await rollbackOf(jobId);
    await ended(rollback);
    expect(harness.jobs.linesOf(rollback).join(' ')).toContain('This also takes back revision 2 by ');
    const { events } = await harness.request(reconciler.listInstanceEvents, { ...one, limit: 50 });
    expect(events.find(({ type }) => type === 'RolledBack')?.message).toMatch(also);
  });

  it('goes back once: a rollback that fails too is the last job', async () => {
    const one = await create();
    harness.agent.onBundle = (bundle) => fail(bundle, serving);
    const jobId = await update(one, { image: bad });
    await ended(jobId);
    const rollback = await rollbackOf(jobId);
    const second = await ended(rollback);
    expect(second.status).toBe('failed');
    expect(second.error).not.toContain('goes back');
    expect(await rollbacksOf(rollback)).toEqual([]);
    expect(await show(one)).toMatchObject({ image: good, status: 'degraded' });
  });

  it('has nothing to go back to after a creation, and nothing to go back from after a restart', async () => {
    failBad();
    const { jobId, ...made } = await harness.request(reconciler.createInstance, {
      cid: harness.cid,
      type: 'app',
      fields: { image: bad, autoRollback: true },
    });
    expect((await ended(jobId)).error).toContain(`There is no earlier revision to go back to.`);
    const one = { ...made, cid: harness.cid, type: 'app' };
    await ended(await update(one, { image: good }));
    harness.agent.onBundle = (bundle) => fail(bundle, serving);
    const { jobId: restart } = await harness.request(reconciler.restartInstance, one);
    expect((await ended(restart)).error).not.toContain('revision 3');
    expect(await rollbacksOf(restart)).toEqual([]);
  });

  it('is replaced by a newer write, which nothing takes back', async () => {
    const one = await create();
    failBad();
    const jobId = await update(one, { image: bad });
    await harness.jobs.delivered(jobId);
    const newer = await update(one, { image: 'ghcr.io/acme/shop:1.5' });
    expect(await ended(jobId)).toMatchObject({ status: 'cancelled', supersededBy: newer });
    expect(await ended(newer)).toMatchObject({ status: 'completed' });
    expect(await rollbacksOf(jobId)).toEqual([]);
    expect(await show(one)).toMatchObject({ image: 'ghcr.io/acme/shop:1.5' });
  });

  it('goes back before a restart that waits', async () => {
    const one = await create();
    failBad();
    const jobId = await update(one, { image: bad });
    const { jobId: restart } = await harness.request(reconciler.restartInstance, one);
    await ended(jobId);
    expect(await ended(await rollbackOf(jobId))).toMatchObject({ status: 'completed' });
    expect(await ended(restart)).toMatchObject({ status: 'completed' });
    expect(await show(one)).toMatchObject({ status: 'healthy', image: good, generation: 5, observedGeneration: 5 });
  });

  it('states why it cannot go back: what the earlier revision requires is deleted', async () => {
    const cache = await harness.create('valkey');
    const one = await create({ requires: { cache: { type: 'valkey', id: cache.osid, env: {} } } });
    failBad();
    const jobId = await update(one, { image: bad, requires: {} });
    await harness.jobs.delivered(jobId);
    await harness.request(reconciler.deleteInstance, cache);
    expect((await ended(jobId)).error).toContain(`It cannot go back to revision 1 by itself: `);
    expect(await rollbacksOf(jobId)).toEqual([]);
  });

  it('ends and goes back in one transaction, which one of several replicas completes', async () => {
    const one = await create();
    const crashes = harness.replicas.map(({ app }) => {
      const rollbacks = app.get(AutoRollback, { strict: false });
      const write = rollbacks.write.bind(rollbacks);
      return jest.spyOn(rollbacks, 'write').mockImplementation(async (...about) => {
        await write(...about);
        throw new Error('the replica has crashed');
      });
    });
    try {
      failBad();
      const jobId = await update(one, { image: bad });
      const isOverdue = async () => {
        const overdue = 'SELECT deadline_at < now() AS overdue FROM job_ref WHERE job_id = $1';
        return (await harness.row<{ overdue: boolean }>(overdue, [jobId])).overdue;
      };
      await waitUntil(isOverdue, { everyMs: 50, because: () => 'the deadline does not come' });
      const deadlines = harness.replicas.map(({ app }) => app.get(JobDeadlines, { strict: false }));
      await Promise.all(deadlines.map((each) => each.run()));
      const outcome = 'SELECT outcome FROM job_ref WHERE job_id = $1';
      expect(await harness.row(outcome, [jobId])).toEqual({ outcome: null });
      expect(await rollbacksOf(jobId)).toEqual([]);
      for (const crash of crashes) crash.mockRestore();
      await Promise.all([...deadlines, ...deadlines].map((each) => each.run()));
      expect(await ended(await rollbackOf(jobId))).toMatchObject({ status: 'completed' });
      expect((await ended(jobId)).status).toBe('failed');
    } finally {
      for (const crash of crashes) crash.mockRestore();
    }
  });
});
