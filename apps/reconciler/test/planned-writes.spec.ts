import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Bundle, bundlesCapability, plansCapability } from '@runos/agent-protocol';
import type { ChangePlan } from '@runos/api';
import { reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { type Harness, type Instance, useHarness } from './harness.js';
import { image, override, plannedWrites, staleGeneration, storedCounts } from './planned-writes.js';

/** Where a write would leave something. */
const tables = ['instance', 'revision', 'job_ref', 'work', 'idempotency', 'image_registry'] as const;

describe('the plan of', () => {
  let harness: Harness;
  let bundles: Bundle[] = [];
  useHarness((started) => (harness = started));
  beforeEach(() => harness.agent.connect({ capabilities: [bundlesCapability, plansCapability] }));
  afterEach(() => {
    bundles = [];
  });

  const jobOf = (answer: object): string => (answer as { jobId: string }).jobId;
  const stored = () => storedCounts(harness, tables);
  const onDiff = (reply: ReturnType<Harness['agent']['onDiff']>) => {
    harness.agent.onDiff = (bundle) => {
      bundles.push(bundle);
      return reply;
    };
  };
  const refusalOf = async (answer: Promise<unknown>) => {
    const error: unknown = await answer.catch((thrown: unknown) => thrown);
    if (!(error instanceof Fault)) throw new Error('it was not refused');
    const { code, message, details } = error;
    return { code, message, details };
  };
  const revisionOf = async ({ osid }: Instance): Promise<number> => {
    const { revision } = await harness.row<{ revision: number }>('SELECT revision FROM instance WHERE osid = $1', [
      osid,
    ]);
    return revision;
  };
  /** A new override has another id than that of its plan. */
  const withoutIds = (changes: ChangePlan['changes']) =>
    changes.map((change) => ({ ...change, field: change.field.replace(/^overrides\..+/, 'overrides') }));

  describe.each(plannedWrites)(
    '$name',
    ({ plan, run, type = 'app', fieldsOf = () => ({}), prepare = () => Promise.resolve(''), secret }) => {
      const create = () => harness.create(type, type === 'app' ? { image } : fieldsOf(harness));
      const expectNoSecret = (planned: ChangePlan) => {
        if (secret === undefined) return;
        const text = JSON.stringify(planned);
        expect(text).not.toContain(secret);
        expect(text).not.toContain(Buffer.from(secret).toString('base64'));
      };

      it('is what the write then does, and nothing is written', async () => {
        const one = await create();
        const found = await prepare(harness, one);
        onDiff({ objects: [] });
        bundles = [];
        const before = await stored();
        const planned = await plan(harness, one, found);
        const [tried] = bundles;
        expect(await stored()).toEqual(before);
        expect(planned).toMatchObject({ osid: one.osid, noOp: false, queued: false, source: 'cluster' });
        expect(planned.changes).not.toEqual([]);
        expectNoSecret(planned);
        const revision = await revisionOf(one);
        await harness.jobs.ended(jobOf(await run(harness, one, found)));
        const { changes } = await harness.request(reconciler.diffInstanceRevision, { ...one, revision });
        expect(withoutIds(planned.changes)).toEqual(withoutIds(changes));
        // The cluster has tried the very objects that the write delivers.
        expect(tried?.digest).toBe(harness.agent.bundleOf(one.osid).digest);
      });

      it('is made without the agent while it is away, and has the refusals of the write', async () => {
        const one = await create();
        const found = await prepare(harness, one);
        await harness.agent.disconnect();
        const planned = await plan(harness, one, found);
        expect(planned).toMatchObject({ noOp: false, source: 'desired', reason: 'AgentAbsent', planNamespace: null });
        expectNoSecret(planned);
        const stale = { ifGeneration: staleGeneration };
        const refusal = await refusalOf(plan(harness, one, found, stale));
        expect(refusal.code).toBe('conflict.stale');
        expect(refusal).toEqual(await refusalOf(run(harness, one, found, stale)));
      });
    },
  );

  it('a write without effect is marked, and an idempotency key keeps nothing', async () => {
    const { cid, id } = await harness.create('app', { image });
    onDiff({ objects: [] });
    const input = { cid, id, change: { envVars: { MODE: 'fast' } } };
    const idempotency = { key: 'plan-1', requestHash: 'h1' };
    const planned = await harness.request(reconciler.changeEnvironment.plan, { ...input, idempotency });
    expect(planned).toMatchObject({ noOp: false, changes: [{ field: 'env.MODE', before: null, after: 'fast' }] });
    const answer = await harness.request(reconciler.changeEnvironment, { ...input, idempotency });
    await harness.jobs.ended(jobOf(answer));
    bundles = [];
    expect(await harness.request(reconciler.changeEnvironment.plan, input)).toMatchObject({
      noOp: true,
      changes: [],
      objects: [],
      reason: 'NothingToApply',
      restartsPods: false,
    });
    expect(bundles).toEqual([]);
  });

  it('an override names what the cluster refuses, for which the write is refused', async () => {
    const one = await harness.create('app', { image });
    const object = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: one.osid, name: one.osid };
    onDiff({ objects: [{ object, action: 'refused', message: 'denied by policy', changes: [] }] });
    const input = { ...one, file: override(90) };
    const planned = await harness.request(reconciler.createOverride.plan, input);
    expect(planned.objects).toMatchObject([{ kind: 'Deployment', action: 'refused', message: 'denied by policy' }]);
    const { details } = await refusalOf(harness.request(reconciler.createOverride, input));
    expect(JSON.stringify(details)).toContain('denied by policy');
    const broken = { ...one, file: { ...override(90), data: Buffer.from('spec: [').toString('base64') } };
    const refusal = await refusalOf(harness.request(reconciler.createOverride.plan, broken));
    expect(refusal).toMatchObject({ code: 'override.invalid' });
    expect(refusal).toEqual(await refusalOf(harness.request(reconciler.createOverride, broken)));
  });

  it('a rollback names what never goes back', async () => {
    const one = await harness.create('postgresql', { storageMb: 20_480 });
    const fields = { storageMb: 30_720, cpuLimitMc: 1_500 };
    await harness.jobs.ended(jobOf(await harness.request(reconciler.updateInstance, { ...one, fields })));
    onDiff({ objects: [] });
    const planned = await harness.request(reconciler.rollBackInstance.plan, { ...one, revision: 1 });
    expect(planned).toMatchObject({ kept: ['storageMb', 'name'], noOp: false });
    expect(planned.changes.map(({ field }) => field)).not.toContain('storageMb');
  });

  it('a deletion names every object, and is refused while others need the instance', async () => {
    const cache = await harness.create('valkey');
    const requires = { cache: { type: 'valkey', id: cache.id, env: { password: 'CACHE_PASSWORD' } } };
    const one = await harness.create('app', { image, requires });
    expect(await refusalOf(harness.request(reconciler.deleteInstance.plan, cache))).toMatchObject({
      code: 'service.in_use',
    });
    onDiff({ objects: [] });
    const before = await stored();
    const planned = await harness.request(reconciler.deleteInstance.plan, one);
    expect(await stored()).toEqual(before);
    expect(planned).toMatchObject({ noOp: false, restartsPods: true, source: 'desired', reason: 'Deletion' });
    expect(planned.message).toContain(`The namespace ${one.osid} is deleted`);
    expect(planned.changes).toContainEqual({ field: 'image', before: image, after: null });
    const kinds = harness.agent.bundleOf(one.osid).objects.map(({ kind }) => kind);
    expect(planned.objects.map(({ kind }) => kind)).toEqual(kinds);
    expect(planned.objects.every(({ action, tried }) => action === 'deleted' && !tried)).toBe(true);
    expect(bundles).toEqual([]);
  });
});
