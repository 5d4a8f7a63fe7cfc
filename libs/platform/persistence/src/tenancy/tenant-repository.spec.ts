import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EntityManager } from 'typeorm';
import { type PersistenceHarness, startHarness, Thing } from '../../test/harness.js';
import { type TenantScope, TenantRepository } from './tenant-repository.js';

class Things extends TenantRepository<Thing> {
  constructor() {
    super(Thing);
  }
  all = (manager: EntityManager, scope: TenantScope) => this.find(manager, scope, {}, { order: { id: 'ASC' } });
  named = (manager: EntityManager, scope: TenantScope, id: string) => this.findOne(manager, scope, { id });
  grow = (manager: EntityManager, scope: TenantScope) => this.update(manager, scope, { id: 'x' }, { itemCount: 7 });
  drop = (manager: EntityManager, scope: TenantScope) => this.delete(manager, scope, { id: 'x' });
  ids = (manager: EntityManager, scope: TenantScope) =>
    this.query<{ id: string }>(
      manager,
      scope,
      (tenant) => `SELECT id FROM things WHERE ${tenant('aid')} AND item_count >= $1`,
      [0],
    );
  unrestricted = (manager: EntityManager) => this.query(manager, { tenant: 'a' }, () => 'SELECT id FROM things');
  wrong = (manager: EntityManager) => [
    // @ts-expect-error a query without a scope
    () => this.find(manager, { id: 'x' }),
    // @ts-expect-error a second tenant beside the scope
    () => this.findOne(manager, { tenant: 'a' }, { aid: 'b' }),
    // @ts-expect-error a statement without a tenant condition
    () => this.query(manager, { tenant: 'a' }, 'SELECT id FROM things'),
  ];
}

let spec: PersistenceHarness;
let manager: EntityManager;
const things = new Things();
beforeAll(async () => {
  spec = await startHarness();
  manager = (await spec.open('spec:a')).manager;
  await manager.insert(Thing, [
    { aid: 'a', id: 'x', itemCount: 1 },
    { aid: 'a', id: 'y', itemCount: 1 },
    { aid: 'b', id: 'x', itemCount: 1 },
  ]);
});
afterAll(() => spec.stop());

describe('TenantRepository', () => {
  it('reads the rows of one tenant, or of all tenants for a stated reason', async () => {
    expect(await things.all(manager, { tenant: 'a' })).toHaveLength(2);
    expect(await things.named(manager, { tenant: 'b' }, 'y')).toBeNull();
    expect(await things.all(manager, { everyTenantBecause: 'this spec counts' })).toHaveLength(3);
    expect((await things.ids(manager, { tenant: 'b' })).map(({ id }) => id)).toEqual(['x']);
    expect(await things.ids(manager, { everyTenantBecause: 'this spec counts' })).toHaveLength(3);
  });

  it('updates and deletes within the tenant only', async () => {
    expect(await things.grow(manager, { tenant: 'a' })).toBe(1);
    expect((await things.named(manager, { tenant: 'b' }, 'x'))?.itemCount).toBe(1);
    expect(await things.drop(manager, { tenant: 'c' })).toBe(0);
    expect(await things.drop(manager, { tenant: 'a' })).toBe(1);
  });

  it('rejects a statement that ignores the tenant condition', () => {
    expect(() => things.unrestricted(manager)).toThrow('the statement has no tenant condition');
  });

  it('does not compile without a scope', () => {
    expect(things.wrong).toBeDefined();
  });
});
