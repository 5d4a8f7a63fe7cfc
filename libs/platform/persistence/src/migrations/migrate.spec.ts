import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { waitUntil } from '@runos/testing-process';
import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import { createIndexConcurrently } from './create-index-concurrently.js';
import { migrate, withPlatformMigrations } from './migrate.js';
import { type PersistenceHarness, startHarness, Things1800000000000 } from '../../test/harness.js';

let spec: PersistenceHarness;
beforeAll(async () => {
  spec = await startHarness();
});
afterAll(() => spec.stop());

async function asService<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: spec.url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

describe('migrate', () => {
  it('runs no migration twice', async () => {
    expect(await migrate(spec.plan)).toEqual([]);
  });

  it('serializes concurrent replicas: each migration runs once and no replica fails', async () => {
    const plan = { ...spec.plan, service: 'another-one' };
    const ran = await Promise.all(Array.from({ length: 6 }, () => migrate(plan)));
    expect(ran.flat()).toHaveLength(withPlatformMigrations(plan.migrations).length);
  });

  it('grants the service access to its rows only', async () => {
    await asService((client) => client.query(`INSERT INTO spec.things (aid, id) VALUES ('a', 'b')`));
    const query = async (text: string) => asService((client) => client.query(text));
    await expect(query('CREATE TABLE spec.own (id int)')).rejects.toThrow('permission denied');
    await expect(query('CREATE TABLE public.own (id int)')).rejects.toThrow('permission denied');
    await expect(query('DROP TABLE spec.things')).rejects.toThrow('must be owner');
    await expect(query('DELETE FROM spec.migrations')).rejects.toThrow('permission denied');
    await migrate({ ...spec.plan, service: 'foreign', role: { ...spec.plan.role, name: `x_${spec.plan.role.name}` } });
    await expect(query('SELECT * FROM foreign.things')).rejects.toThrow(/permission denied|syntax/);
    await expect(query('SELECT * FROM "foreign".things')).rejects.toThrow('permission denied');
  });

  it('changes the password of the role', async () => {
    await migrate({ ...spec.plan, role: { ...spec.plan.role, password: 'changed' } });
    await expect(asService((client) => client.query('SELECT 1'))).rejects.toThrow('password authentication failed');
    await migrate(spec.plan);
    await asService((client) => client.query('SELECT 1'));
  });

  it('rolls back a migration that fails', async () => {
    class Broken1900000000000 {
      async up(runner: { query: (text: string) => Promise<unknown> }) {
        await runner.query('CREATE TABLE half (id int)');
        await runner.query('SELECT nonsense');
      }
      async down() {}
    }
    await expect(migrate({ ...spec.plan, migrations: [Broken1900000000000] })).rejects.toThrow('nonsense');
    expect(await spec.asOwner(`SELECT 1 FROM pg_tables WHERE tablename = 'half'`)).toEqual([]);
  });
});

class AddColour1800000000001 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE things ADD colour text');
  }
  async down(): Promise<void> {}
}

class IndexCount1800000000002 {
  readonly transaction = false;
  async up(runner: QueryRunner): Promise<void> {
    await createIndexConcurrently(runner, 'things_count', 'ON things (item_count)');
  }
  async down(): Promise<void> {}
}

describe('migrating while the previous version serves', () => {
  const next = (...migrations: (new () => AddColour1800000000001)[]) => ({
    ...spec.plan,
    service: 'served',
    migrations: [Things1800000000000, ...migrations],
  });
  const write = (id: string) =>
    asService((client) => client.query('INSERT INTO served.things (aid, id) VALUES ($1, $2)', ['a', id]));
  const holding: pg.Client[] = [];
  const release = () => Promise.all(holding.splice(0).map((client) => client.end()));
  afterEach(release);
  /** Locks the table like a long transaction until `release`, at the latest after the test. */
  async function hold(statement: string): Promise<void> {
    const client = new pg.Client({ connectionString: spec.url });
    await client.connect();
    holding.push(client);
    await client.query(`BEGIN; ${statement}`);
  }
  /** Resolves when this query returns a row. */
  const found = (query: string) =>
    waitUntil(async () => (await spec.asOwner(query)).length > 0, { because: () => `no row of ${query}` });
  beforeAll(() => migrate(next()));

  it('blocks other statements no longer than its own lock timeout', async () => {
    await hold('SELECT * FROM served.things');
    let busy = 0;
    const migrated = migrate({ ...next(AddColour1800000000001), onBusy: () => void (busy += 1) });
    const waits = `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'served.things'::regclass`;
    await found(waits);
    await write('while it waits'); // queued behind the migration, and succeeds although the reader continues
    // PostgreSQL ends the wait before the migration receives its error.
    await waitUntil(() => busy > 0, { because: () => 'the migration does not report the lock' });
    await release();
    expect(await migrated).toEqual(['AddColour1800000000001']);
    await write('afterwards');
  });

  it('creates an index during writes, also after an unfinished attempt', async () => {
    await spec.asOwner('CREATE INDEX things_count ON served.things (item_count)');
    await spec.asOwner(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'served.things_count'::regclass`);
    await hold(`INSERT INTO served.things (aid, id) VALUES ('a', 'not yet committed')`);
    const migrated = migrate(next(AddColour1800000000001, IndexCount1800000000002));
    const waits = `SELECT 1 FROM pg_stat_activity WHERE query LIKE '%INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'`;
    await found(waits);
    await write('during the build');
    const other = { ...spec.plan, service: 'beside' };
    const beside = migrate(other); // waits for the migration lock, and the index must not wait for it
    await release();
    expect(await migrated).toEqual(['IndexCount1800000000002']);
    expect(await beside).toHaveLength(withPlatformMigrations(spec.plan.migrations).length);
    const valid = `SELECT indisvalid FROM pg_index WHERE indexrelid = 'served.things_count'::regclass`;
    expect(await spec.asOwner(valid)).toEqual([{ indisvalid: true }]);
  });

  it('rejects statements that disturb the previous version, unless the migration states why that is safe', async () => {
    class Smaller1800000000003 {
      async up(runner: QueryRunner): Promise<void> {
        await runner.query('ALTER TABLE things DROP item_count');
      }
      async down(): Promise<void> {}
    }
    class Announced1800000000004 extends Smaller1800000000003 {
      readonly contraction = 'unused since two versions';
    }
    class Needless1800000000005 extends AddColour1800000000001 {
      readonly contraction = 'it only adds';
    }
    await expect(migrate(next(Smaller1800000000003))).rejects.toThrow(
      'removes a column that the previous version uses',
    );
    await expect(migrate(next(Needless1800000000005))).rejects.toThrow(
      'has a contraction but no contracting statement',
    );
    expect(await migrate(next(Announced1800000000004))).toEqual(['Announced1800000000004']);
  });
});
