import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { type Harness, type Instance, useHarness } from './harness.js';

const type = 'postgresql';

describe('the settings of an instance', () => {
  let harness: Harness;
  useHarness((started) => (harness = started));
  beforeEach(() => {
    harness.configSets.version = 3;
    harness.configSets.valuesOf.clear();
  });
  afterEach(() => {
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
  });

  const jobOf = (response: object): string => (response as { jobId: string }).jobId;
  const create = (fields = {}) => harness.create(type, fields);
  const show = (one: Instance) => harness.request(reconciler.showInstance, one);
  const set = (one: Instance, values: Record<string, string>, options: object = {}) =>
    harness.request(reconciler.setAdvancedConfig, { ...one, values, ...options });
  const convert = (one: Instance) => harness.request(reconciler.convertToCustomConfig, one);
  const upgrade = (one: Instance, version?: string, options: object = {}) =>
    harness.request(reconciler.upgradeConfigSet, { ...one, version, ...options });
  const release = (setId: string, tenant = harness.aid) => harness.configSets.release(setId, tenant);
  const withSet = async () => {
    const configSetId = randomUUID();
    return { configSetId, one: await create({ configSetId }) };
  };
  const refusal = (code: string, path: string, message: RegExp) => ({
    code,
    details: { issues: [{ path, message: expect.stringMatching(message) }] },
  });

  it('are custom from the beginning: set, changed, removed, and delivered', async () => {
    const one = await create();
    const { job } = await harness.jobs.ended(jobOf(await set(one, { work_mem: '8MB', jit: 'off' })));
    expect(job).toMatchObject({ type: 'service.update', status: 'completed' });
    expect(harness.jobs.linesOf(job.id).join()).toContain('2 custom settings');
    const before = harness.agent.bundleOf(one.osid).digest;
    await harness.jobs.ended(jobOf(await set(one, { work_mem: '16MB', jit: '' })));
    expect(await show(one)).toMatchObject({ configType: 'custom', advanced: { work_mem: '16MB' }, generation: 3 });
    expect(harness.agent.bundleOf(one.osid).digest).not.toBe(before);
    expect(await set(one, { jit: '' })).toMatchObject({ noOp: true });
    await harness.jobs.ended(jobOf(await set(one, { work_mem: '' })));
    expect(await show(one)).toMatchObject({ configType: 'custom', advanced: {}, configSetId: null });
  });

  it('are refused together as the server refuses them, and nothing is written', async () => {
    const one = await create({ version: '16' });
    const connections = refusal(
      'configset.invalid',
      'max_connections',
      /more than superuser_reserved_connections \(3\)/,
    );
    await expect(set(one, { max_connections: '3' })).rejects.toMatchObject(connections);
    await harness.jobs.ended(jobOf(await set(one, { reserved_connections: '90' })));
    await expect(set(one, { max_connections: '93' })).rejects.toMatchObject(connections);
    const zone = refusal('configset.invalid', 'timezone', /time zone database/);
    await expect(set(one, { timezone: 'Mars/Olympus' })).rejects.toMatchObject(zone);
    const older = refusal('configset.invalid', 'maintenance_work_mem', /before version 17/);
    await expect(set(one, { maintenance_work_mem: '64kB' })).rejects.toMatchObject(older);
    const large = refusal('sizing.invalid', 'memoryLimitMb', /less than shared_buffers 3GB/);
    await expect(set(one, { shared_buffers: '3GB' })).rejects.toMatchObject(large);
    await expect(set(one, { work_mem: '8MB' }, { ifGeneration: 1 })).rejects.toMatchObject({ code: 'conflict.stale' });
    expect(await show(one)).toMatchObject({ generation: 2, advanced: { reserved_connections: '90' } });
  });

  it('are set once per idempotency key', async () => {
    const one = await create();
    const idempotency = { key: 'k1', requestHash: 'h1' };
    const first = await set(one, { work_mem: '8MB' }, { idempotency });
    expect(await set(one, { work_mem: '8MB' }, { idempotency })).toEqual(first);
    await harness.jobs.ended(jobOf(first));
    expect(await show(one)).toMatchObject({ generation: 2 });
  });

  it('of a config set are not set one by one, but converted', async () => {
    const { one, configSetId } = await withSet();
    const refused = refusal('configset.invalid', 'configType', /convert it to custom settings first/);
    await expect(set(one, { work_mem: '8MB' })).rejects.toMatchObject(refused);
    const { digest } = harness.agent.bundleOf(one.osid);
    const advanced = { shared_buffers: '384MB' };
    const converted = await convert(one);
    expect(converted).toMatchObject({ osid: one.osid, configType: 'custom', advanced });
    expect(converted.message).toContain(`config set ${configSetId} v3`);
    await harness.jobs.ended(converted.jobId ?? '');
    expect(harness.agent.bundleOf(one.osid)).toMatchObject({ digest, revision: 2 });
    expect(await show(one)).toMatchObject({
      configType: 'custom',
      configSetId: null,
      configSetVersion: null,
      advanced,
    });
    expect(await convert(one)).toEqual({ osid: one.osid, configType: 'custom', advanced, message: expect.any(String) });
    await expect(upgrade(one)).rejects.toMatchObject(refusal('configset.invalid', 'configType', /no config set/));
  });

  it('of a config set move to another version, forward and back', async () => {
    const { one, configSetId } = await withSet();
    harness.configSets.version = 4;
    await harness.jobs.ended(jobOf(await upgrade(one)));
    expect(await show(one)).toMatchObject({
      configSetId,
      configSetVersion: 'v4',
      advanced: { shared_buffers: '512MB' },
    });
    expect(await upgrade(one)).toMatchObject({ osid: one.osid, noOp: true });
    await harness.jobs.ended(jobOf(await upgrade(one, 'v1')));
    expect(await show(one)).toMatchObject({ configSetVersion: 'v1', status: 'healthy' });
    await expect(upgrade(one, 'v9')).rejects.toMatchObject({ code: 'configset.not_found' });
    await expect(upgrade(one, 'v2', { ifGeneration: 1 })).rejects.toMatchObject({ code: 'conflict.stale' });
  });

  it('of a config set do not move to a version that does not fit the service or the size', async () => {
    const { one, configSetId } = await withSet();
    harness.configSets.valuesOf.set('v1', { min_wal_size: '2MB' });
    harness.configSets.valuesOf.set('v2', { shared_buffers: '3GB' });
    const unfit = refusal('configset.invalid', 'version', /at least twice the wal_segment_size/);
    await expect(upgrade(one, 'v1')).rejects.toMatchObject(unfit);
    await expect(upgrade(one, 'v2')).rejects.toMatchObject({ code: 'sizing.invalid' });
    expect(await show(one)).toMatchObject({ configSetId, configSetVersion: 'v3', generation: 1 });
    harness.configSets.version = 1;
    await expect(create({ configSetId })).rejects.toMatchObject({ code: 'configset.invalid' });
  });

  it('leave a version with which the service does not start', async () => {
    const { one } = await withSet();
    await harness.sql(
      `UPDATE revision SET spec = jsonb_set(spec, '{config,values}', '{"max_connections":"3"}')
       WHERE instance_id = (SELECT id FROM instance WHERE osid = $1)`,
      [one.osid],
    );
    const resized = await harness.request(reconciler.updateInstance, { ...one, fields: { cpuLimitMc: 1_500 } });
    await harness.jobs.ended(jobOf(resized));
    await harness.jobs.ended(jobOf(await upgrade(one, 'v2')));
    expect(await show(one)).toMatchObject({ configSetVersion: 'v2', advanced: { shared_buffers: '256MB' } });
  });

  it('of another version of the service are checked by its upgrade', async () => {
    const one = await create({ version: '17' });
    // Beside the others, at the limit of version 17 and above that of version 18.
    await harness.sql(
      `UPDATE revision SET spec = jsonb_set(spec, '{config}', '{"setId":null,"version":null,"values":{"max_connections":"262090"}}')
       WHERE instance_id = (SELECT id FROM instance WHERE osid = $1)`,
      [one.osid],
    );
    const named = { ...one, version: '18' };
    for (const refused of [
      () => harness.request(reconciler.upgradeInstance, named),
      () => harness.request(reconciler.planInstanceUpgrade, named),
    ])
      await expect(refused()).rejects.toMatchObject(refusal('configset.invalid', 'version', /together/));
  });

  it('do not exist for a type without any', async () => {
    const one = await harness.create('valkey');
    for (const refused of [set(one, { maxmemory: '1' }), convert(one), upgrade(one)])
      await expect(refused).rejects.toMatchObject({ code: 'configset.invalid' });
    expect(await show(one)).not.toHaveProperty('advanced');
  });

  it('keep their config set from being released, also while a change of it could be cancelled', async () => {
    const { one, configSetId } = await withSet();
    const inUse = { code: 'configset.in_use', details: { instances: 1, osids: [one.osid] } };
    await expect(release(configSetId)).rejects.toMatchObject(inUse);
    harness.agent.onBundle = (bundle) => harness.agent.report(bundle, 'applying');
    const { jobId = '' } = await convert(one);
    await expect(release(configSetId)).rejects.toMatchObject(inUse);
    await harness.finish(jobId);
    expect(await release(configSetId, 'bbbbb')).toEqual({});
    expect(await release(configSetId)).toEqual({});
    expect(await release(configSetId)).toEqual({});
    await expect(create({ configSetId })).rejects.toMatchObject({ code: 'configset.not_found' });
  });

  it('never use a config set that is released at the same time', async () => {
    for (let round = 0; round < 5; round += 1) {
      const configSetId = randomUUID();
      const [made, released] = await Promise.allSettled([
        harness.request(reconciler.createInstance, { cid: harness.cid, type, fields: { configSetId } }),
        release(configSetId),
      ]);
      expect([made.status, released.status].sort()).toEqual(['fulfilled', 'rejected']);
    }
  });
});
