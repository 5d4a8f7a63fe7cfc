import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { addNewerRenderer } from '@runos/service-types/testing';
import { type Harness, type Instance, startHarness } from './harness.js';

describe('the revisions of an instance', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness();
  });
  afterAll(() => harness.stop());
  afterEach(() => {
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
  });

  const create = (fields = {}) => harness.create('postgresql', fields);
  const show = (one: Instance) => harness.request(reconciler.showInstance, one);
  const ended = async (response: object) => (await harness.jobs.ended((response as { jobId: string }).jobId)).job;
  const update = async (one: Instance, fields: Record<string, unknown>) =>
    ended(await harness.request(reconciler.updateInstance, { ...one, fields }));
  const set = async (one: Instance, values: Record<string, string>) =>
    ended(await harness.request(reconciler.setAdvancedConfig, { ...one, values }));
  const list = (one: Instance, page: { limit: number; cursor?: string } = { limit: 50 }) =>
    harness.request(reconciler.listInstanceRevisions, { ...one, ...page });
  const diff = (one: Instance, revision: number, to?: number) =>
    harness.request(reconciler.diffInstanceRevision, { ...one, revision, to });
  const rollBack = (one: Instance, revision: number, options: object = {}) =>
    harness.request(reconciler.rollBackInstance, { ...one, revision, ...options });

  it('are listed newest first, page by page, with who changed them', async () => {
    const one = await create();
    const job = await update(one, { cpuLimitMc: 1_500 });
    await update(one, { cpuLimitMc: 2_000 });
    const { revisions, nextCursor } = await list(one, { limit: 2 });
    expect(revisions.map(({ revision, current }) => [revision, current])).toEqual([
      [3, true],
      [2, false],
    ]);
    expect(revisions[1]).toMatchObject({ generation: 2, jobId: job.id, changedBy: expect.any(String) });
    expect(await list(one, { limit: 2, cursor: nextCursor ?? '' })).toMatchObject({
      revisions: [{ revision: 1, current: false }],
      nextCursor: null,
    });
  });

  it('are compared field by field, with each setting by itself', async () => {
    const one = await create();
    await update(one, { cpuLimitMc: 1_500, driftPolicy: 'report' });
    await set(one, { work_mem: '8MB', jit: 'off' });
    expect(await diff(one, 1)).toEqual({
      from: 1,
      to: 3,
      changes: [
        { field: 'advanced.jit', before: null, after: 'off' },
        { field: 'advanced.work_mem', before: null, after: '8MB' },
        { field: 'cpuLimitMc', before: 1_000, after: 1_500 },
        { field: 'driftPolicy', before: 'repair', after: 'report' },
        { field: 'resourceRequirementClassId', before: 'postgresql.c0.beff', after: 'custom' },
      ],
    });
    expect(await diff(one, 3, 2)).toMatchObject({
      changes: [
        { field: 'advanced.jit', before: 'off', after: null },
        { field: 'advanced.work_mem', before: '8MB', after: null },
      ],
    });
    expect((await diff(one, 2, 2)).changes).toEqual([]);
    const shown = await harness.request(reconciler.showInstanceRevision, { ...one, revision: 2 });
    expect(shown.fields).toMatchObject({ cpuLimitMc: 1_500, driftPolicy: 'report', version: '17', storageMb: 10_240 });
  });

  it('become desired again as a new revision, with the same objects as before', async () => {
    const one = await create();
    const { digest } = harness.agent.bundleOf(one.osid);
    await update(one, { cpuLimitMc: 1_500, driftPolicy: 'report' });
    await set(one, { work_mem: '8MB' });
    const response = await rollBack(one, 1);
    expect(response).toEqual({ jobId: expect.any(String), kept: ['name'] });
    expect(await ended(response)).toMatchObject({ type: 'service.update', status: 'completed' });
    expect(await show(one)).toMatchObject({
      generation: 4,
      cpuLimitMc: 1_000,
      resourceRequirementClassId: 'postgresql.c0.beff',
      driftPolicy: 'repair',
      advanced: {},
    });
    expect(harness.agent.bundleOf(one.osid)).toMatchObject({ digest, revision: 4 });
    expect(await rollBack(one, 1)).toEqual({
      osid: one.osid,
      noOp: true,
      message: expect.stringContaining('revision 1'),
    });
  });

  it('go back without the version, the renderer and the storage, which are named', async () => {
    const one = await create();
    const takeAway = addNewerRenderer('postgresql', '99');
    try {
      await update(one, { storageMb: 20_480, cpuLimitMc: 1_500 });
      await ended(await harness.request(reconciler.upgradeInstance, { ...one, version: '99' }));
      const response = await rollBack(one, 1);
      expect(response).toMatchObject({ kept: ['version', 'rendererVersion', 'storageMb', 'name'] });
      await ended(response);
      expect(await show(one)).toMatchObject({ version: '99', storageMb: 20_480, cpuLimitMc: 1_000 });
      const { message } = (await rollBack(one, 1)) as { message: string };
      expect(message).toContain('except version, rendererVersion, storageMb');
    } finally {
      takeAway();
    }
  });

  it('go back to the version of a config set, but not to a deleted one', async () => {
    const configSetId = randomUUID();
    harness.configSets.version = 3;
    const one = await create({ configSetId });
    await ended(await harness.request(reconciler.convertToCustomConfig, one));
    await set(one, { work_mem: '8MB' });
    await ended(await rollBack(one, 1));
    expect(await show(one)).toMatchObject({ configType: 'config_set', configSetId, configSetVersion: 'v3' });
    await ended(await harness.request(reconciler.convertToCustomConfig, one));
    await harness.configSets.release(configSetId, harness.aid);
    await expect(rollBack(one, 1)).rejects.toMatchObject({ code: 'configset.not_found' });
    expect(await show(one)).toMatchObject({ configType: 'custom' });
  });

  it('are refused when the rules of today refuse their settings', async () => {
    const one = await create({ resourceRequirementClassId: 'postgresql.c0.medium' });
    await set(one, { shared_buffers: '3GB' });
    await set(one, { shared_buffers: '' });
    await update(one, { resourceRequirementClassId: 'postgresql.c0.beff' });
    const before = await show(one);
    await harness.sql(
      `UPDATE revision SET spec = jsonb_set(spec, '{sizing,memoryRequestMb}', '2048')
       WHERE revision = 2 AND instance_id = (SELECT id FROM instance WHERE osid = $1)`,
      [one.osid],
    );
    await expect(rollBack(one, 2)).rejects.toMatchObject({ code: 'sizing.invalid' });
    expect(await show(one)).toMatchObject({ generation: before.generation });
  });

  it('are refused for a stale generation, a missing revision, a tombstone and another account', async () => {
    const one = await create();
    await update(one, { cpuLimitMc: 1_500 });
    await expect(rollBack(one, 1, { ifGeneration: 1 })).rejects.toMatchObject({ code: 'conflict.stale' });
    for (const missing of [() => rollBack(one, 9), () => diff(one, 9), () => diff(one, 1, 9)])
      await expect(missing()).rejects.toMatchObject({ code: 'revision.not_found', details: { revision: 9 } });
    const foreign = { tenant: 'bbbbb' };
    await expect(
      harness.request(reconciler.listInstanceRevisions, { ...one, limit: 1 }, foreign),
    ).rejects.toMatchObject({ code: 'cluster.not_found' });
    await expect(harness.request(reconciler.rollBackInstance, { ...one, revision: 1 }, foreign)).rejects.toMatchObject({
      code: 'cluster.not_found',
    });
    harness.agent.onBundle = () => Promise.resolve();
    await harness.request(reconciler.deleteInstance, one);
    await expect(rollBack(one, 1)).rejects.toMatchObject({ code: 'conflict.deleting' });
    expect((await list(one)).revisions.map(({ revision }) => revision)).toEqual([2, 1]);
  });

  it('wait behind a started restart, and are written once per idempotency key', async () => {
    const one = await create();
    await update(one, { cpuLimitMc: 1_500 });
    harness.agent.onBundle = (bundle) => harness.agent.report(bundle, 'applying');
    const restarted = await harness.request(reconciler.restartInstance, one);
    await harness.jobs.delivered(restarted.jobId);
    const idempotency = { key: 'r1', requestHash: 'h1' };
    const first = await rollBack(one, 1, { idempotency });
    expect(await rollBack(one, 1, { idempotency })).toEqual(first);
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    expect((await harness.finish(restarted.jobId)).job.status).toBe('completed');
    expect(await ended(first)).toMatchObject({ status: 'completed' });
    const { changes } = await diff(one, 3);
    expect(changes).toEqual([
      { field: 'cpuLimitMc', before: 1_500, after: 1_000 },
      { field: 'resourceRequirementClassId', before: 'custom', after: 'postgresql.c0.beff' },
    ]);
  });
});
