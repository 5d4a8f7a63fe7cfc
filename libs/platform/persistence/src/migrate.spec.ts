import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { migrate } from './migrate.js';
import { type SpecDatabase, specDatabase } from './spec-database.js';

let spec: SpecDatabase;
beforeAll(async () => {
  spec = await specDatabase();
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
  it('runs nothing twice', async () => {
    expect(await migrate(spec.plan)).toEqual([]);
  });

  it('lets replicas try at the same time: one runs each migration, none fails', async () => {
    const plan = { ...spec.plan, service: 'another-one' };
    const ran = await Promise.all(Array.from({ length: 6 }, () => migrate(plan)));
    expect(ran.flat()).toHaveLength(3);
  });

  it('gives the service its rows and nothing else', async () => {
    await asService((client) => client.query(`INSERT INTO spec.things (aid, id) VALUES ('a', 'b')`));
    const refused = async (text: string) => asService((client) => client.query(text));
    await expect(refused('CREATE TABLE spec.mine (id int)')).rejects.toThrow('permission denied');
    await expect(refused('CREATE TABLE public.mine (id int)')).rejects.toThrow('permission denied');
    await expect(refused('DROP TABLE spec.things')).rejects.toThrow('must be owner');
    await expect(refused('DELETE FROM spec.migrations')).rejects.toThrow('permission denied');
    await migrate({ ...spec.plan, service: 'foreign', role: { ...spec.plan.role, name: `x_${spec.plan.role.name}` } });
    await expect(refused('SELECT * FROM foreign.things')).rejects.toThrow(/permission denied|syntax/);
    await expect(refused('SELECT * FROM "foreign".things')).rejects.toThrow('permission denied');
  });

  it('takes a new password for the role', async () => {
    await migrate({ ...spec.plan, role: { ...spec.plan.role, password: 'changed' } });
    await expect(asService((client) => client.query('SELECT 1'))).rejects.toThrow('password authentication failed');
    await migrate(spec.plan);
    await asService((client) => client.query('SELECT 1'));
  });

  it('leaves nothing of a migration that fails', async () => {
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
