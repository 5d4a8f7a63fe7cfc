import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Bundle, bundlesCapability, plansCapability } from '@runos/agent-protocol';
import type { ChangePlan } from '@runos/api';
import { reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { unpackObjects } from '@runos/kube-objects';
import { type Harness, type Instance, useHarness } from './harness.js';
import { image, storedCounts } from './planned-writes.js';

describe('the plan of a write', () => {
  let harness: Harness;
  let bundles: Bundle[] = [];
  useHarness((started) => (harness = started));

  const connect = (capabilities = [bundlesCapability, plansCapability]) => harness.agent.connect({ capabilities });
  beforeEach(() => connect());
  afterEach(() => {
    bundles = [];
    harness.agent.replies = 'accepting';
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
  });

  type Fields = Record<string, unknown>;
  const plan = (one: Instance, fields: Fields, options: object = {}): Promise<ChangePlan> =>
    harness.request(reconciler.updateInstance.plan, { ...one, fields, ...options });
  const planCreation = (type: string, fields: Fields = {}): Promise<ChangePlan> =>
    harness.request(reconciler.createInstance.plan, { cid: harness.cid, type, fields });
  const update = (one: Instance, fields: Fields, options: object = {}) =>
    harness.request(reconciler.updateInstance, { ...one, fields, ...options });
  const jobOf = (answer: object): string => (answer as { jobId: string }).jobId;
  const changesOf = (one: Instance, revision: number) =>
    harness.request(reconciler.diffInstanceRevision, { ...one, revision });
  const tables = ['instance', 'revision', 'job_ref', 'minted_id', 'idempotency', 'cluster_addon'] as const;
  const stored = () => storedCounts(harness, tables);
  const onDiff = (reply: ReturnType<Harness['agent']['onDiff']>) => {
    harness.agent.onDiff = (bundle) => {
      bundles.push(bundle);
      return reply;
    };
  };

  it('has the fields that the write changes, and the objects as the cluster answers', async () => {
    const one = await harness.create('valkey', { name: 'before' });
    const object = { apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: one.osid, name: one.osid };
    const path = 'spec.replicas';
    onDiff({
      objects: [
        { object, action: 'changed', changes: [{ path, live: 1, wanted: 2 }] },
        { object: { ...object, kind: 'Service' }, action: 'refused', message: 'denied', changes: [] },
        { object: { ...object, kind: 'Secret' }, action: 'created', tried: false, message: 'no kind', changes: [] },
      ],
    });
    const before = await stored();
    const planned = await plan(one, { cpuLimitMc: 700, name: 'after' });
    expect(await stored()).toEqual(before);
    const base = { apiVersion: 'apps/v1', namespace: one.osid, name: one.osid };
    expect(planned).toEqual({
      osid: one.osid,
      noOp: false,
      changes: expect.arrayContaining([{ field: 'cpuLimitMc', before: 500, after: 700 }]),
      name: { before: 'before', after: 'after' },
      rrcFlipHint: expect.stringContaining('custom'),
      restartsPods: true,
      queued: false,
      supersedes: [],
      source: 'cluster',
      reason: null,
      message: null,
      planNamespace: null,
      objects: [
        {
          ...base,
          kind: 'StatefulSet',
          action: 'changed',
          message: null,
          tried: true,
          changes: [{ field: path, before: 1, after: 2 }],
        },
        { ...base, kind: 'Service', action: 'refused', message: 'denied', tried: true, changes: [] },
        { ...base, kind: 'Secret', action: 'created', message: 'no kind', tried: false, changes: [] },
      ],
    });
    const answer = await update(one, { cpuLimitMc: 700, name: 'after' });
    expect(answer).toMatchObject({ rrcFlipHint: planned.rrcFlipHint });
    await harness.jobs.ended(jobOf(answer));
    expect((await changesOf(one, 1)).changes).toEqual(planned.changes);
    // The cluster has tried the very objects that the write delivers.
    expect(bundles.map(({ digest }) => digest)).toEqual([harness.agent.bundleOf(one.osid).digest]);
  });

  it('is made of the rendered objects while the agent is away, with that reason', async () => {
    const one = await harness.create('app', { image, servicePortMappings: [{ port: 8080 }] });
    const change = { secretEnvVars: { TOKEN: 'first-secret' } };
    const { cid } = harness;
    const changed = await harness.request(reconciler.changeEnvironment, { cid, id: one.id, change });
    await harness.jobs.ended(jobOf(changed));
    await harness.agent.disconnect();
    const planned = await plan(one, { image: 'ghcr.io/acme/shop:1.5' });
    expect(planned).toMatchObject({ source: 'desired', reason: 'AgentAbsent', restartsPods: true });
    expect(planned.message).toContain('not connected');
    expect(planned.objects).toMatchObject([{ kind: 'Deployment', action: 'changed', tried: false }]);
    expect(planned.objects[0]?.changes).toEqual([
      expect.objectContaining({
        field: expect.stringMatching(/^spec\.template\.spec\.containers\[name=.+\]\.image$/),
        before: image,
        after: 'ghcr.io/acme/shop:1.5',
      }),
    ]);
    expect(JSON.stringify(planned)).not.toContain('first-secret');
  });

  it.each([
    ['is too old', 'AgentTooOld', () => connect([bundlesCapability])],
    ['does not answer', 'AgentNotResponding', async () => void (harness.agent.replies = 'silent')],
    ['fails', 'AgentFailed', async () => void (harness.agent.replies = 'refusing')],
  ])('is made of the rendered objects where the agent %s', async (_, reason, prepare) => {
    const one = await harness.create('valkey');
    await prepare();
    const planned = await plan(one, { cpuLimitMc: 700 });
    expect(planned).toMatchObject({ source: 'desired', reason, message: expect.stringContaining(harness.cid) });
    expect(planned.objects).toMatchObject([{ kind: 'StatefulSet', tried: false }]);
  });

  it('refuses what the write refuses, with the same words', async () => {
    const one = await harness.create('postgresql');
    const refusalOf = async (answer: Promise<unknown>) => {
      const error = await answer.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (!(error instanceof Fault)) throw new Error('it was not refused');
      return { code: error.code, message: error.message };
    };
    const attempts: [Fields, object][] = [
      [{ storageMb: 1_024 }, {}],
      [{ cpuLimitMc: 700 }, { ifGeneration: 9 }],
    ];
    for (const [fields, options] of attempts) {
      expect(await refusalOf(plan(one, fields, options))).toEqual(await refusalOf(update(one, fields, options)));
    }
    harness.agent.onBundle = () => Promise.resolve();
    await harness.request(reconciler.deleteInstance, one);
    await expect(plan(one, { cpuLimitMc: 700 })).rejects.toMatchObject({ code: 'conflict.deleting' });
    await expect(planCreation('valkey', { cpuLimitMc: 1, cpuRequestMc: 2 })).rejects.toMatchObject({
      code: 'sizing.invalid',
    });
  });

  it('of nothing calls no agent, and neither does a new name alone', async () => {
    const one = await harness.create('valkey', { name: 'one' });
    onDiff({ objects: [] });
    expect(await plan(one, {})).toMatchObject({ noOp: true, changes: [], name: null, reason: 'NothingToApply' });
    const named = await plan(one, { name: 'two' });
    expect(named).toMatchObject({ noOp: false, changes: [], name: { before: 'one', after: 'two' }, objects: [] });
    expect(bundles).toEqual([]);
  });

  it('names the jobs that it supersedes', async () => {
    const one = await harness.create('valkey');
    harness.agent.onBundle = () => Promise.resolve();
    const open = jobOf(await update(one, { cpuLimitMc: 600 }));
    expect(await plan(one, { cpuLimitMc: 700 })).toMatchObject({ queued: false, supersedes: [open] });
  });

  it('waits for an action that runs', async () => {
    const one = await harness.create('valkey');
    harness.agent.onBundle = () => Promise.resolve();
    await harness.request(reconciler.restartInstance, one);
    expect(await plan(one, { cpuLimitMc: 700 })).toMatchObject({ queued: true, supersedes: [] });
  });

  it('of a creation is tried in the namespace of plans, with secrets that are never kept', async () => {
    onDiff({ objects: [], planNamespace: 'runos-plan' });
    const before = await stored();
    for (const [type, fields] of [
      ['valkey', { name: 'cache' }],
      ['app', { name: 'cache', image }],
    ] as const) {
      const planned = await planCreation(type, fields);
      expect(planned).toMatchObject({
        osid: null,
        noOp: false,
        name: { before: null, after: 'cache' },
        restartsPods: false,
        source: 'cluster',
        planNamespace: 'runos-plan',
      });
      expect(planned.changes).toContainEqual({ field: 'replicas', before: null, after: 1 });
    }
    expect(await stored()).toEqual(before);
    const kinds = bundles.map(({ objectsGz, digest }) => unpackObjects(objectsGz, digest).map(({ kind }) => kind));
    expect(kinds).toEqual([
      expect.arrayContaining(['Namespace', 'StatefulSet']),
      expect.arrayContaining(['Namespace', 'Deployment']),
    ]);
  });

  it('of a creation names every object while the agent is away', async () => {
    await harness.agent.disconnect();
    const planned = await planCreation('valkey');
    expect(planned).toMatchObject({ source: 'desired', reason: 'AgentAbsent', planNamespace: null });
    expect(planned.objects.length).toBeGreaterThan(3);
    for (const object of planned.objects)
      expect(object).toMatchObject({ action: 'created', tried: false, changes: [] });
  });

  it('marks the credentials that a link gives to an app, and shows none', async () => {
    const cache = await harness.create('valkey');
    const one = await harness.create('app', { image });
    await harness.agent.disconnect();
    const link = { type: 'valkey', id: cache.id, env: { password: 'CACHE_PASSWORD' } };
    const planned = await plan(one, { requires: { cache: link } });
    const { password } = (await harness.request(reconciler.showInstanceCredentials, cache)) as { password: string };
    expect(planned.changes).toContainEqual({
      field: 'secretEnv.CACHE_PASSWORD',
      before: null,
      after: expect.stringMatching(/^secret [0-9a-f]{8}$/),
    });
    const text = JSON.stringify(planned);
    expect(text).not.toContain(password);
    expect(text).not.toContain(Buffer.from(password).toString('base64'));
  });
});
