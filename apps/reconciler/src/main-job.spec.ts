import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { type TestPlane, testPlane } from '../test/test-plane.js';

const statusesOf = (items: readonly { name: string; status: string }[]) =>
  Object.fromEntries(items.map(({ name, status }) => [name, status]));

describe('the main job', () => {
  let plane: TestPlane;
  beforeAll(async () => {
    plane = await testPlane();
  }, 30_000);
  afterAll(() => plane.stop());

  const type = 'valkey';
  const create = (fields = {}, options = {}, of = type) =>
    plane.ask(reconciler.createInstance, { cid: plane.cid, type: of, fields, ...options });
  const healthy = async (fields = {}, of = type) => {
    const made = await create(fields, {}, of);
    await plane.jobs.ended(made.jobId);
    return { cid: plane.cid, type: of, id: made.id, osid: made.osid };
  };
  const show = (one: { cid: string; type: string; id: string }) => plane.ask(reconciler.showInstance, one);
  const jobOf = (answer: object): string => (answer as { jobId: string }).jobId;

  it('creates: answers at once, hands the bundle over, and ends the job when the agent says ready', async () => {
    const made = await create({ name: 'cache' });
    expect(made).toEqual({
      id: expect.stringMatching(/^[a-z0-9]{5}$/),
      osid: `valkey-${made.id}`,
      name: 'cache',
      status: 'pending',
      jobId: expect.any(String),
    });
    const { job, workItems } = await plane.jobs.ended(made.jobId);
    expect(job).toMatchObject({
      type: 'service.create',
      status: 'completed',
      osid: made.osid,
      cid: 'abc',
      error: null,
    });
    expect(Object.keys(statusesOf(workItems))).toEqual(['validate', 'render', 'deliver', 'apply', 'wait-ready']);
    expect(new Set(Object.values(statusesOf(workItems)))).toEqual(new Set(['completed']));
    const lines = plane.jobs.linesOf(made.jobId);
    expect(lines.filter((line) => line !== 'The cluster agent has stored it.')).toEqual([
      expect.stringContaining('valkey.c0.beff'),
      expect.stringContaining('Rendered'),
      `StatefulSet ${made.osid}: pending`,
      `StatefulSet ${made.osid}: applied`,
      `StatefulSet ${made.osid}: ready`,
      expect.stringContaining('healthy'),
    ]);
    expect(plane.agent.stored.get(made.osid)).toMatchObject({ generation: 1, revision: 1 });
    expect(await show({ cid: plane.cid, type, id: made.osid })).toMatchObject({
      status: 'healthy',
      lastKnownStatus: null,
      generation: 1,
      observedGeneration: 1,
      conditions: [{ type: 'Accepted', status: 'True' }],
      hosts: [`${made.osid}.abc.aaaaa.example.com`, `${made.osid}-6379.abc.aaaaa.example.com`],
    });
  });

  it('changes what is asked for, and only that', async () => {
    const one = await healthy();
    const updated = await plane.ask(reconciler.updateInstance, { ...one, fields: { cpuLimitMc: 750 } });
    expect(updated).toMatchObject({ rrcFlipHint: expect.stringContaining('custom') });
    const { job } = await plane.jobs.ended(jobOf(updated));
    expect(job).toMatchObject({ type: 'service.update', status: 'completed' });
    expect(await show(one)).toMatchObject({
      cpuLimitMc: 750,
      resourceRequirementClassId: 'custom',
      generation: 2,
      observedGeneration: 2,
      status: 'healthy',
    });
    expect(plane.agent.stored.get(one.osid)).toMatchObject({ generation: 2, revision: 2 });
  });

  it('gives jobs ids that begin with the time by the database’s clock, as lists are read by them', async () => {
    const realNow = Date.now.bind(Date);
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => realNow() + 60_000);
    const one = await healthy();
    await plane.jobs.ended(jobOf(await plane.ask(reconciler.updateInstance, { ...one, fields: { cpuLimitMc: 760 } })));
    clock.mockRestore();
    const made = await plane.sql<{ type: string; id: string; created_at: Date; completed_at: Date }>(
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

  it('makes no job of a change that changes nothing, nor of a name alone', async () => {
    const one = await healthy({ name: 'before' });
    const nothing = await plane.ask(reconciler.updateInstance, { ...one, fields: { name: 'before', replicas: 1 } });
    expect(nothing).toEqual({ osid: one.osid, noOp: true, message: expect.any(String) });
    const renamed = await plane.ask(reconciler.updateInstance, { ...one, fields: { name: 'after' } });
    expect(renamed).toEqual({ id: one.id, osid: one.osid, name: 'after' });
    expect(await show(one)).toMatchObject({ name: 'after', generation: 2, observedGeneration: 2, status: 'healthy' });
    expect(plane.agent.stored.get(one.osid)).toMatchObject({ revision: 1 });
    await plane.agent.reports(plane.agent.stored.get(one.osid)!, 'ready');
    expect(await show(one)).toMatchObject({ observedGeneration: 2, status: 'healthy' });
  });

  it('restarts with a new template and the same everything else', async () => {
    const one = await healthy();
    const before = plane.agent.stored.get(one.osid);
    const { jobId } = await plane.ask(reconciler.restartInstance, one);
    expect((await plane.jobs.ended(jobId)).job).toMatchObject({ type: 'service.restart', status: 'completed' });
    expect(plane.agent.stored.get(one.osid)?.digest).not.toBe(before?.digest);
  });

  it('pins the config set and its values at creation', async () => {
    const configSetId = '11111111-1111-4111-8111-111111111111';
    const one = await healthy({ configType: 'config_set', configSetId }, 'postgresql');
    plane.configSets.version = 2;
    await plane.jobs.ended(jobOf(await plane.ask(reconciler.restartInstance, one)));
    expect(await show(one)).toMatchObject({ configType: 'config_set', configSetId, configSetVersion: 'v1' });
    const [{ values }] = await plane.sql<{ values: object }>(
      `SELECT r.spec->'config'->'values' AS values FROM revision r JOIN instance i ON i.id = r.instance_id
       WHERE i.osid = $1 AND r.revision = 2`,
      [one.osid],
    );
    expect(values).toEqual({ shared_buffers: '128MB' });
  });

  it('keeps credentials encrypted and shows them only after an audit entry', async () => {
    const one = await healthy();
    const shown = await plane.ask(reconciler.showInstanceCredentials, one);
    expect(shown).toMatchObject({ host: `${one.osid}.${one.osid}.svc`, port: 6379, password: expect.any(String) });
    expect(await plane.ask(reconciler.showInstanceCredentials, one)).toEqual(shown);
    expect(plane.audit.entries).toContain(`ada@example.com service.credentials ${one.osid}`);
    const dump = await plane.sql<{ row: string }>(
      'SELECT row_to_json(i)::text AS row FROM instance i WHERE osid = $1',
      [one.osid],
    );
    expect(dump[0].row).not.toContain(shown.password);
  });

  it('deletes: the row goes when the agent says that nothing is left', async () => {
    const one = await healthy();
    plane.agent.live = async (bundle) => {
      await plane.agent.reports(bundle, 'deleting', {
        objects: [{ apiVersion: 'v1', kind: 'Namespace', name: one.osid, state: 'deleting', reason: 'Terminating' }],
      });
    };
    const { jobId } = await plane.ask(reconciler.deleteInstance, one);
    await plane.jobs.when(
      jobId,
      ({ job }) => job.currentStep === 'remove' && job.progress === 'removing, 1 object left',
    );
    expect(await show(one)).toMatchObject({ status: 'deleting' });
    for (const write of [
      () => plane.ask(reconciler.updateInstance, { ...one, fields: { name: 'late' } }),
      () => plane.ask(reconciler.restartInstance, one),
      () => plane.ask(reconciler.deleteInstance, one),
    ]) {
      await expect(write()).rejects.toMatchObject({ code: 'conflict.deleting' });
    }
    plane.agent.live = (bundle) => plane.agent.goesWell(bundle);
    await plane.agent.goesWell(plane.agent.stored.get(one.osid)!);
    const { job, workItems } = await plane.jobs.ended(jobId);
    expect(job).toMatchObject({ type: 'service.delete', status: 'completed' });
    expect(statusesOf(workItems)).toEqual({
      check: 'completed',
      deliver: 'completed',
      remove: 'completed',
      'confirm-gone': 'completed',
    });
    await expect(show(one)).rejects.toMatchObject({ code: 'service.not_found' });
  });

  it('does a write with an idempotency key once, and refuses the key for another request', async () => {
    const key = (requestHash: string) => ({ idempotency: { key: 'k1', requestHash } });
    const answers = await Promise.all([1, 2, 3].map(() => create({ name: 'once' }, key('a'))));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    await expect(create({ name: 'other' }, key('b'))).rejects.toMatchObject({ code: 'conflict.idempotency' });
    await plane.jobs.ended(answers[0].jobId);
  });

  it('refuses what was written for another generation, and says who changed it', async () => {
    const one = await healthy();
    const stale = plane.ask(reconciler.updateInstance, { ...one, fields: { cpuLimitMc: 600 }, ifGeneration: 7 });
    await expect(stale).rejects.toMatchObject({
      code: 'conflict.stale',
      details: { generation: 1, changedBy: 'ada@example.com' },
    });
    const fresh = plane.ask(reconciler.updateInstance, { ...one, fields: { cpuLimitMc: 600 }, ifGeneration: 1 });
    await plane.jobs.ended(jobOf(await fresh));
  });

  it('shows nothing of another account, whatever is asked', async () => {
    const one = await healthy();
    const other = { tenant: 'bbbbb' };
    await expect(plane.ask(reconciler.showInstance, one, other)).rejects.toMatchObject({ code: 'cluster.not_found' });
    await expect(plane.ask(reconciler.deleteInstance, one, other)).rejects.toMatchObject({ code: 'cluster.not_found' });
    await expect(plane.ask(reconciler.showCluster, { cid: 'abc' }, other)).rejects.toMatchObject({
      code: 'cluster.not_found',
    });
    const { clusters } = await plane.ask(reconciler.listClusters, {}, other);
    expect(clusters).toEqual([]);
  });

  it('lists page by page, each instance once', async () => {
    const { services: all } = await plane.ask(reconciler.listInstances, { cid: plane.cid, limit: 1000 });
    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await plane.ask(reconciler.listInstances, { cid: plane.cid, limit: 3, cursor });
      paged.push(...page.services.map(({ osid }) => osid));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(paged).toEqual(all.map(({ osid }) => osid));
    const { services } = await plane.ask(reconciler.listInstances, { cid: plane.cid, type: 'postgresql', limit: 1000 });
    expect(services.map((each) => each.type)).toEqual(['postgresql']);
    const wrong = plane.ask(reconciler.listInstances, { cid: plane.cid, limit: 3, cursor: 'x' });
    await expect(wrong).rejects.toMatchObject({ code: 'request.invalid' });
    await expect(create({}, {}, 'mysql')).rejects.toMatchObject({ code: 'type.not_found' });
  });
});
