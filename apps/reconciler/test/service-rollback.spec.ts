import { afterEach, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { mapAt } from '@runos/kube-objects';
import { addNewerRenderer } from '@runos/service-types/testing';
import { type Harness, type Instance, useHarness } from './harness.js';
import type { StoredBundle } from './stored-bundle.js';

describe('a rollout of a service that fails', () => {
  let harness: Harness;
  useHarness((started) => (harness = started), { settings: { jobDeadlineSeconds: 6 } });
  afterEach(() => {
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
  });

  const failAll = () => {
    harness.agent.onBundle = (bundle: StoredBundle) =>
      harness.agent.report(bundle, 'degraded', {
        replicas: { desired: 1, ready: 1, outdated: 1 },
        objects: [
          {
            apiVersion: 'v1',
            kind: 'Pod',
            namespace: bundle.osid,
            name: `${bundle.osid}-0`,
            state: 'failed',
            reason: 'CrashLoopBackOff',
            message: `Container of pod ${bundle.osid}-0 keeps ending with exit code 1.`,
          },
        ],
      });
  };
  const failNext = () => {
    failAll();
    const fail = harness.agent.onBundle;
    harness.agent.onBundle = (bundle) => {
      harness.agent.onBundle = (next) =>
        next.revision === bundle.revision ? fail(next) : harness.agent.reportSuccess(next);
      return fail(bundle);
    };
  };
  const jobOf = (answer: object): string => {
    if ('jobId' in answer) return String(answer.jobId);
    throw new Error(`no job: ${JSON.stringify(answer)}`);
  };
  const update = async (one: Instance, fields: Record<string, unknown>) =>
    jobOf(await harness.request(reconciler.updateInstance, { ...one, fields }));
  const ended = async (id: string) => (await harness.jobs.ended(id)).job;
  const show = (one: Instance) => harness.request(reconciler.showInstance, one);
  const rollbacksOf = async (jobId: string) =>
    (await harness.sql<{ id: string }>('SELECT job_id AS id FROM job_ref WHERE rolls_back = $1', [jobId])).map(
      ({ id }) => id,
    );
  const refusal = (revision: number, why: string) =>
    `It does not go back to revision ${revision} by itself, because its data may be lost: ${why}. Correct the change, or roll back yourself when the data is safe.`;
  const expectRefused = async (jobId: string, revision: number, why: string) => {
    const { status, error } = await ended(jobId);
    expect({ status, error }).toEqual({ status: 'failed', error: expect.stringContaining(refusal(revision, why)) });
    expect(await rollbacksOf(jobId)).toEqual([]);
  };

  it('returns the switch as it was given, in every read of the service', async () => {
    const one = await harness.create('valkey');
    expect(await show(one)).not.toHaveProperty('autoRollback');
    await ended(await update(one, { autoRollback: true }));
    expect(await show(one)).toHaveProperty('autoRollback', true);
    expect(await ended(await update(one, { cpuLimitMc: 700 }))).toMatchObject({ status: 'completed' });
    expect(await show(one)).toHaveProperty('autoRollback', true);
    const { changes } = await harness.request(reconciler.diffInstanceRevision, { ...one, revision: 1, to: 2 });
    expect(changes).toEqual([{ field: 'autoRollback', before: null, after: true }]);
    const plan = await harness.request(reconciler.updateInstance.plan, { ...one, fields: { autoRollback: false } });
    expect(plan.changes).toEqual([{ field: 'autoRollback', before: true, after: false }]);
    await ended(await update(one, { autoRollback: null }));
    expect(await show(one)).not.toHaveProperty('autoRollback');
  });

  it('goes nowhere by default', async () => {
    const one = await harness.create('valkey');
    failAll();
    const jobId = await update(one, { cpuLimitMc: 700 });
    expect((await ended(jobId)).error).not.toContain('go back');
    expect(await rollbacksOf(jobId)).toEqual([]);
  });

  it('goes back to the last revision that was ready', async () => {
    const one = await harness.create('valkey', { autoRollback: true, cpuLimitMc: 800 });
    failNext();
    const jobId = await update(one, { cpuLimitMc: 700 });
    const failed = await ended(jobId);
    const [rollback = ''] = await rollbacksOf(jobId);
    expect(failed.error).toContain(`Job ${rollback} goes back to revision 1.`);
    expect(await ended(rollback)).toMatchObject({ type: 'service.update', status: 'completed', rollsBack: jobId });
    expect(await show(one)).toMatchObject({ status: 'healthy', cpuLimitMc: 800, autoRollback: true });
  });

  it('refuses to end replicas that may have data of their own, and a rollback on request is accepted', async () => {
    const one = await harness.create('rabbitmq', { autoRollback: true, replicas: 1 });
    failAll();
    const jobId = await update(one, { replicas: 3 });
    await expectRefused(
      jobId,
      1,
      `StatefulSet ${one.osid} would get 1 instead of 3 replicas, and data may be on the others only`,
    );
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    const back = await harness.request(reconciler.rollBackInstance, { ...one, revision: 1 });
    expect(await ended(jobOf(back))).toMatchObject({ status: 'completed' });
    expect(await show(one)).toMatchObject({ replicas: 1 });
  });

  it('refuses to go back across an override that names another image', async () => {
    const one = await harness.create('valkey', { autoRollback: true });
    const set = harness.agent.bundleOf(one.osid).objects.find(({ kind }) => kind === 'StatefulSet') ?? {};
    const [container] = mapAt(set, 'spec', 'template', 'spec')['containers'] as { name: string; image: string }[];
    const image = 'docker.io/valkey/valkey:9.0.0';
    const data = JSON.stringify({ spec: { template: { spec: { containers: [{ name: container?.name, image }] } } } });
    failAll();
    const { jobId } = await harness.request(reconciler.createOverride, {
      ...one,
      file: { name: 'newer', enabled: true, data: Buffer.from(data).toString('base64') },
    });
    await expectRefused(
      jobId,
      1,
      `StatefulSet ${one.osid} would get images ${container?.image} instead of ${image}, which may have changed its files`,
    );
  });

  it('refuses to go back across an upgrade, also with a change of settings after it', async () => {
    const one = await harness.create('valkey', { autoRollback: true });
    const takeAway = addNewerRenderer('valkey', '9.0');
    try {
      failAll();
      const jobId = jobOf(await harness.request(reconciler.upgradeInstance, { ...one, version: '9.0' }));
      const why = [
        'version 9.0 may have written files that version 8.1 cannot read',
        'it was upgraded from renderer 1 to 2, whose images may have changed its files',
      ].join('; ');
      await expectRefused(jobId, 1, why);
      await expectRefused(await update(one, { cpuLimitMc: 700 }), 1, why);
      expect(await show(one)).toMatchObject({ version: '9.0', cpuLimitMc: 700 });
    } finally {
      takeAway();
    }
  });
});
