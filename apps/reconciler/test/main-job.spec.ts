import { describe, expect, it, jest } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { type Harness, useHarness } from './harness.js';

const statusesOf = (items: readonly { name: string; status: string }[]) =>
  Object.fromEntries(items.map(({ name, status }) => [name, status]));

describe('the main job', () => {
  let harness: Harness;
  useHarness((started) => (harness = started));

  const type = 'valkey';
  const create = (fields = {}, options = {}, of = type) =>
    harness.request(reconciler.createInstance, { cid: harness.cid, type: of, fields, ...options });
  const healthy = (fields = {}, of = type) => harness.create(of, fields);
  const show = (one: { cid: string; type: string; id: string }) => harness.request(reconciler.showInstance, one);
  const jobOf = (response: object): string => (response as { jobId: string }).jobId;

  it('creates: responds immediately, delivers the bundle, and completes the job when the agent reports ready', async () => {
    const made = await create({ name: 'cache' });
    expect(made).toEqual({
      id: expect.stringMatching(/^[a-z0-9]{5}$/),
      osid: `valkey-${made.id}`,
      name: 'cache',
      status: 'pending',
      jobId: expect.any(String),
    });
    const { job, workItems } = await harness.jobs.ended(made.jobId);
    expect(job).toMatchObject({
      type: 'service.create',
      status: 'completed',
      osid: made.osid,
      cid: 'abc',
      error: null,
    });
    expect(Object.keys(statusesOf(workItems))).toEqual(['validate', 'render', 'deliver', 'apply', 'wait-ready']);
    expect(new Set(Object.values(statusesOf(workItems)))).toEqual(new Set(['completed']));
    const lines = harness.jobs.linesOf(made.jobId);
    expect(lines.filter((line) => line !== 'The cluster agent has stored it.')).toEqual([
      expect.stringContaining('valkey.c0.beff'),
      expect.stringContaining('Rendered'),
      `StatefulSet ${made.osid}: pending`,
      `StatefulSet ${made.osid}: applied`,
      `StatefulSet ${made.osid}: ready`,
      expect.stringContaining('healthy'),
    ]);
    expect(harness.agent.stored.get(made.osid)).toMatchObject({ generation: 1, revision: 1 });
    const { services } = await harness.request(reconciler.listInstances, { cid: harness.cid, limit: 10 });
    expect(services).toContainEqual(expect.objectContaining({ kind: 'service', osid: made.osid }));
    expect(await show({ cid: harness.cid, type, id: made.osid })).toMatchObject({
      kind: 'service',
      status: 'healthy',
      lastKnownStatus: null,
      generation: 1,
      observedGeneration: 1,
      conditions: [{ type: 'Accepted', status: 'True' }],
      hosts: [`${made.osid}.abc.aaaaa.example.com`, `${made.osid}-6379.abc.aaaaa.example.com`],
    });
  });

  it('updates the requested fields only', async () => {
    const one = await healthy();
    const updated = await harness.request(reconciler.updateInstance, { ...one, fields: { cpuLimitMc: 750 } });
    expect(updated).toMatchObject({ rrcFlipHint: expect.stringContaining('custom') });
    const { job } = await harness.jobs.ended(jobOf(updated));
    expect(job).toMatchObject({ type: 'service.update', status: 'completed' });
    expect(await show(one)).toMatchObject({
      cpuLimitMc: 750,
      resourceRequirementClassId: 'custom',
      generation: 2,
      observedGeneration: 2,
      status: 'healthy',
    });
    expect(harness.agent.stored.get(one.osid)).toMatchObject({ generation: 2, revision: 2 });
  });

  it('mints job ids that start with the time of the database, because lists page by id', async () => {
    const realNow = Date.now.bind(Date);
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => realNow() + 60_000);
    const one = await healthy();
    await harness.jobs.ended(
      jobOf(await harness.request(reconciler.updateInstance, { ...one, fields: { cpuLimitMc: 760 } })),
    );
    clock.mockRestore();
    const made = await harness.sql<{ type: string; id: string; created_at: Date; completed_at: Date }>(
      'SELECT type, job_id AS id, created_at, completed_at FROM job_ref WHERE osid = $1',
      [one.osid],
    );
    expect(made.map(({ type }) => type).sort()).toEqual(['service.create', 'service.update']);
    for (const { id, created_at, completed_at } of made) {
      const minted = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
      expect(minted).toBeGreaterThanOrEqual(created_at.getTime());
      expect(minted).toBeLessThanOrEqual(completed_at.getTime());
    }
  });

  it('starts no job for an update without effect, nor for a new name alone', async () => {
    const one = await healthy({ name: 'before' });
    const nothing = await harness.request(reconciler.updateInstance, {
      ...one,
      fields: { name: 'before', replicas: 1 },
    });
    expect(nothing).toEqual({ osid: one.osid, noOp: true, message: expect.any(String) });
    const renamed = await harness.request(reconciler.updateInstance, { ...one, fields: { name: 'after' } });
    expect(renamed).toEqual({ id: one.id, osid: one.osid, name: 'after' });
    const shown = await show(one);
    expect(shown).toMatchObject({ name: 'after', generation: 2, observedGeneration: 2, status: 'healthy' });
    expect(new Set(shown.conditions.map(({ observedGeneration }) => observedGeneration))).toEqual(new Set([2]));
    expect(harness.agent.stored.get(one.osid)).toMatchObject({ revision: 1 });
    await harness.agent.report(harness.agent.bundleOf(one.osid), 'ready');
    expect(await show(one)).toMatchObject({ observedGeneration: 2, status: 'healthy' });
  });

  it('restarts with a new pod template only', async () => {
    const one = await healthy();
    const before = harness.agent.stored.get(one.osid);
    const { jobId } = await harness.request(reconciler.restartInstance, one);
    expect((await harness.jobs.ended(jobId)).job).toMatchObject({ type: 'service.restart', status: 'completed' });
    expect(harness.agent.stored.get(one.osid)?.digest).not.toBe(before?.digest);
  });

  it('pins the config set and its values at creation', async () => {
    const configSetId = '11111111-1111-4111-8111-111111111111';
    const one = await healthy({ configType: 'config_set', configSetId }, 'postgresql');
    harness.configSets.version = 2;
    await harness.jobs.ended(jobOf(await harness.request(reconciler.restartInstance, one)));
    expect(await show(one)).toMatchObject({ configType: 'config_set', configSetId, configSetVersion: 'v1' });
    const { values } = await harness.row<{ values: object }>(
      `SELECT r.spec->'config'->'values' AS values FROM revision r JOIN instance i ON i.id = r.instance_id
       WHERE i.osid = $1 AND r.revision = 2`,
      [one.osid],
    );
    expect(values).toEqual({ shared_buffers: '128MB' });
  });

  it('keeps credentials encrypted and shows them only after an audit entry', async () => {
    const one = await healthy();
    const shown = await harness.request(reconciler.showInstanceCredentials, one);
    expect(shown).toMatchObject({ host: `${one.osid}.${one.osid}.svc`, port: 6379, password: expect.any(String) });
    expect(await harness.request(reconciler.showInstanceCredentials, one)).toEqual(shown);
    expect(harness.audit.entries).toContain(`ada@example.com service.credentials ${one.osid}`);
    const { dump } = await harness.row<{ dump: string }>(
      'SELECT row_to_json(i)::text AS dump FROM instance i WHERE osid = $1',
      [one.osid],
    );
    expect(dump).not.toContain(shown.password);
  });

  it('deletes: the row is deleted when the agent reports that no object is left', async () => {
    const one = await healthy();
    harness.agent.onBundle = async (bundle) => {
      await harness.agent.report(bundle, 'deleting', {
        objects: [{ apiVersion: 'v1', kind: 'Namespace', name: one.osid, state: 'deleting', reason: 'Terminating' }],
      });
    };
    const { jobId } = await harness.request(reconciler.deleteInstance, one);
    await harness.jobs.when(
      jobId,
      ({ job }) => job.currentStep === 'remove' && job.progress === 'removing, 1 object left',
    );
    expect(await show(one)).toMatchObject({ status: 'deleting' });
    for (const write of [
      () => harness.request(reconciler.updateInstance, { ...one, fields: { name: 'late' } }),
      () => harness.request(reconciler.restartInstance, one),
      () => harness.request(reconciler.deleteInstance, one),
    ]) {
      await expect(write()).rejects.toMatchObject({ code: 'conflict.deleting' });
    }
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    const { job, workItems } = await harness.finish(jobId);
    expect(job).toMatchObject({ type: 'service.delete', status: 'completed' });
    expect(statusesOf(workItems)).toEqual({
      check: 'completed',
      deliver: 'completed',
      remove: 'completed',
      'confirm-gone': 'completed',
    });
    await expect(show(one)).rejects.toMatchObject({ code: 'service.not_found' });
  });

  it('executes a write with an idempotency key once, and refuses the key for another request', async () => {
    const key = (requestHash: string) => ({ idempotency: { key: 'k1', requestHash } });
    const [first, ...repeated] = await Promise.all([
      create({ name: 'once' }, key('a')),
      create({ name: 'once' }, key('a')),
      create({ name: 'once' }, key('a')),
    ]);
    expect(repeated).toEqual([first, first]);
    await expect(create({ name: 'other' }, key('b'))).rejects.toMatchObject({ code: 'conflict.idempotency' });
    await harness.jobs.ended(first.jobId);
  });

  it('refuses a write for another generation, and names the author of the current one', async () => {
    const one = await healthy();
    const stale = harness.request(reconciler.updateInstance, { ...one, fields: { cpuLimitMc: 600 }, ifGeneration: 7 });
    await expect(stale).rejects.toMatchObject({
      code: 'conflict.stale',
      details: { generation: 1, changedBy: 'ada@example.com' },
    });
    const current = harness.request(reconciler.updateInstance, {
      ...one,
      fields: { cpuLimitMc: 600 },
      ifGeneration: 1,
    });
    await harness.jobs.ended(jobOf(await current));
  });

  it('shows nothing of another account', async () => {
    const one = await healthy();
    const other = { tenant: 'bbbbb' };
    await expect(harness.request(reconciler.showInstance, one, other)).rejects.toMatchObject({
      code: 'cluster.not_found',
    });
    await expect(harness.request(reconciler.deleteInstance, one, other)).rejects.toMatchObject({
      code: 'cluster.not_found',
    });
    await expect(harness.request(reconciler.showCluster, { cid: 'abc' }, other)).rejects.toMatchObject({
      code: 'cluster.not_found',
    });
    const { clusters } = await harness.request(reconciler.listClusters, {}, other);
    expect(clusters).toEqual([]);
  });

  it('lists each instance on exactly one page', async () => {
    const { services: all } = await harness.request(reconciler.listInstances, { cid: harness.cid, limit: 1000 });
    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await harness.request(reconciler.listInstances, { cid: harness.cid, limit: 3, cursor });
      paged.push(...page.services.map(({ osid }) => osid));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(paged).toEqual(all.map(({ osid }) => osid));
    const { services } = await harness.request(reconciler.listInstances, {
      cid: harness.cid,
      type: 'postgresql',
      limit: 1000,
    });
    expect(services.map((each) => each.type)).toEqual(['postgresql']);
    const wrong = harness.request(reconciler.listInstances, { cid: harness.cid, limit: 3, cursor: 'x' });
    await expect(wrong).rejects.toMatchObject({ code: 'request.invalid' });
    await expect(create({}, {}, 'mysql')).rejects.toMatchObject({ code: 'type.not_found' });
  });
});
