import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { configSets } from '@runos/contracts';
import { type ConfigSetsHarness, startHarness } from './harness.js';

let plane: ConfigSetsHarness;
beforeAll(async () => {
  plane = await startHarness();
});
afterAll(() => plane.stop());

let accounts = 0;
const newTenant = () => `acc${String((accounts += 1)).padStart(2, '0')}`;

const tuned = { name: 'tuned', type: 'postgresql', values: { shared_buffers: '256MB' } };
const create = (tenant: string, set: object = tuned, idempotency?: { key: string; requestHash: string }) =>
  plane.gateway.request(configSets.createConfigSet, { set: { ...tuned, ...set }, idempotency }, { tenant });
const update = (tenant: string, setId: string, values: Record<string, string>, key?: string) =>
  plane.gateway.request(
    configSets.updateConfigSet,
    { setId, values, idempotency: key === undefined ? undefined : { key, requestHash: JSON.stringify(values) } },
    { tenant },
  );
const show = (tenant: string, setId: string) => plane.gateway.request(configSets.showConfigSet, { setId }, { tenant });
const remove = (tenant: string, setId: string) =>
  plane.gateway.request(configSets.deleteConfigSet, { setId }, { tenant });
const list = (tenant: string) => plane.gateway.request(configSets.listConfigSets, {}, { tenant });
const versions = (tenant: string, setId: string) =>
  plane.gateway.request(configSets.listConfigSetVersions, { setId }, { tenant });
const resolve = (tenant: string, setId: string, version?: string, type = 'postgresql') =>
  plane.reconciler.request(configSets.resolveConfigSet, { setId, type, version }, { tenant });

describe('config sets', () => {
  it('start at v1; each update creates the next version and keeps the older ones', async () => {
    const tenant = newTenant();
    const first = await create(tenant);
    expect(first).toEqual({
      setId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      ...tuned,
      version: 'v1',
      isLatest: true,
      createdAt: expect.stringMatching(/Z$/),
    });
    const second = await update(tenant, first.setId, { work_mem: '8MB' });
    expect(second).toMatchObject({ setId: first.setId, version: 'v2', isLatest: true, values: { work_mem: '8MB' } });
    expect(await show(tenant, first.setId)).toEqual(second);
    expect((await versions(tenant, first.setId)).versions).toEqual([second, { ...first, isLatest: false }]);
    expect((await list(tenant)).configSets).toEqual([second]);
  });

  it('resolve to a version to pin, by default the current one', async () => {
    const tenant = newTenant();
    const { setId } = await create(tenant);
    await update(tenant, setId, { work_mem: '8MB' });
    expect(await resolve(tenant, setId)).toMatchObject({ version: 'v2', values: { work_mem: '8MB' } });
    expect(await resolve(tenant, setId, 'v1')).toMatchObject({ version: 'v1', isLatest: false, values: tuned.values });
    for (const version of ['v3', 'v0', 'v01', '1', 'v99999999999', 'latest'])
      await expect(resolve(tenant, setId, version)).rejects.toMatchObject({ code: 'configset.not_found' });
    await expect(resolve(tenant, setId, undefined, 'valkey')).rejects.toMatchObject({
      code: 'configset.invalid',
      details: { issues: [{ path: 'configSetId' }] },
    });
  });

  it('do not exist for another account', async () => {
    const [owner, other] = [newTenant(), newTenant()];
    const { setId } = await create(owner);
    const tries = [show(other, setId), versions(other, setId), update(other, setId, {}), resolve(other, setId)];
    for (const attempt of tries) await expect(attempt).rejects.toMatchObject({ code: 'configset.not_found' });
    await expect(show(owner, randomUUID())).rejects.toMatchObject({ code: 'configset.not_found' });
    expect((await list(other)).configSets).toEqual([]);
    expect((await versions(owner, setId)).versions).toHaveLength(1);
  });

  it('reject unknown values and write nothing', async () => {
    const tenant = newTenant();
    const bad = { shared_buffers: 'lots', archive_mode: 'off' };
    await expect(create(tenant, { values: bad })).rejects.toMatchObject({
      code: 'configset.invalid',
      details: { issues: [{ path: 'values.shared_buffers' }, { path: 'values.archive_mode' }] },
    });
    await expect(create(tenant, { type: 'nonsense' })).rejects.toMatchObject({ code: 'type.not_found' });
    const { setId } = await create(tenant);
    await expect(update(tenant, setId, bad)).rejects.toMatchObject({ code: 'configset.invalid' });
    expect((await versions(tenant, setId)).versions).toHaveLength(1);
    expect((await list(tenant)).configSets).toHaveLength(1);
  });

  it('number concurrent updates without gaps or duplicates across replicas', async () => {
    const tenant = newTenant();
    const { setId } = await create(tenant);
    const edits = Array.from({ length: 9 }, (_, n) => update(tenant, setId, { work_mem: `${n + 1}MB` }));
    const numbers = (await Promise.all(edits)).map(({ version }) => version).sort();
    expect(numbers).toEqual(['v10', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7', 'v8', 'v9']);
    const all = (await versions(tenant, setId)).versions;
    expect(all.map(({ version, isLatest }) => [version, isLatest])[0]).toEqual(['v10', true]);
    expect(all.filter(({ isLatest }) => isLatest)).toHaveLength(1);
  });

  it('repeat the response for the same Idempotency-Key and reject it for another request', async () => {
    const tenant = newTenant();
    const key = { key: 'k1', requestHash: 'h1' };
    const [first, second] = await Promise.all([create(tenant, tuned, key), create(tenant, tuned, key)]);
    expect(second).toEqual(first);
    expect((await list(tenant)).configSets).toHaveLength(1);
    await expect(create(tenant, tuned, { ...key, requestHash: 'h2' })).rejects.toMatchObject({
      code: 'conflict.idempotency',
    });
    const [v2, same] = await Promise.all([1, 2].map(() => update(tenant, first.setId, { work_mem: '8MB' }, 'k2')));
    expect(same).toEqual(v2);
    expect((await versions(tenant, first.setId)).versions).toHaveLength(2);
  });

  it('are limited in number, naming the limit', async () => {
    const tenant = newTenant();
    const concurrent = await Promise.allSettled(Array.from({ length: 12 }, () => create(tenant)));
    const sets = concurrent.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(sets).toHaveLength(5);
    await expect(create(tenant)).rejects.toMatchObject({
      code: 'limit.exceeded',
      message: expect.stringMatching(/5 config sets; at most 5/),
    });
    const setId = sets[0]!.setId;
    for (let n = 1; n < 12; n += 1) await update(tenant, setId, {});
    await expect(update(tenant, setId, {})).rejects.toMatchObject({
      code: 'limit.exceeded',
      message: expect.stringMatching(/12 versions; at most 12/),
    });
    expect(await show(tenant, setId)).toMatchObject({ version: 'v12' });
  });

  it('are deleted with their versions, and with an audit entry', async () => {
    const tenant = newTenant();
    const { setId } = await create(tenant);
    await update(tenant, setId, { work_mem: '8MB' });
    await expect(remove(newTenant(), setId)).rejects.toMatchObject({ code: 'configset.not_found' });
    expect(await remove(tenant, setId)).toEqual({ setId, name: 'tuned' });
    for (const gone of [show(tenant, setId), versions(tenant, setId), resolve(tenant, setId), remove(tenant, setId)])
      await expect(gone).rejects.toMatchObject({ code: 'configset.not_found' });
    expect((await list(tenant)).configSets).toEqual([]);
    expect(await plane.sql('SELECT 1 FROM config_set_version WHERE set_id = $1', [setId])).toEqual([]);
    const detail = { name: 'tuned', type: 'postgresql', version: 'v2' };
    expect(plane.audit).toEqual([{ action: 'configset.delete', subject: setId, detail }]);
  });

  it('are kept while instances use them', async () => {
    const tenant = newTenant();
    const { setId } = await create(tenant);
    plane.users.set(setId, ['postgresql-x7k2p']);
    await expect(remove(tenant, setId)).rejects.toMatchObject({
      code: 'configset.in_use',
      details: { osids: ['postgresql-x7k2p'] },
    });
    expect(await show(tenant, setId)).toMatchObject({ version: 'v1' });
    plane.users.delete(setId);
    expect(await remove(tenant, setId)).toMatchObject({ setId });
  });

  it('have versions that not even SQL can change', async () => {
    const { setId } = await create(newTenant());
    const attempt = plane.sql(`UPDATE config_set_version SET "values" = '{}' WHERE set_id = $1`, [setId]);
    await expect(attempt).rejects.toThrow(/version 1 of config set .* is immutable/);
  });

  it('are unavailable while the catalog is down, and nothing is written', async () => {
    const tenant = newTenant();
    await plane.catalog.stop();
    await expect(create(tenant)).rejects.toMatchObject({ code: 'unavailable' });
    expect((await list(tenant)).configSets).toEqual([]);
  });
});
