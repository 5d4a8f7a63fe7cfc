import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PersistenceHarness, startHarness } from '../../test/harness.js';
import { type Database, runSql } from '../transactions/database.js';

let spec: PersistenceHarness;
let database: Database;
beforeAll(async () => {
  spec = await startHarness();
  database = await spec.open('spec:prepared');
});
afterAll(() => spec.stop());

/** More executions than a statement needs before it is prepared. */
const often = 10;

async function repeat<T>(times: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let index = 0; index < times; index += 1) results.push(await work(index));
  return results;
}

/** The texts of the prepared statements of the connection that serves next; these specs use one after another. */
const prepared = async (): Promise<string[]> =>
  (await database.query<{ statement: string }>('SELECT statement FROM pg_prepared_statements')).map(
    ({ statement }) => statement,
  );

describe('a statement with parameters', () => {
  it('is prepared once it is executed often, and returns the same rows', async () => {
    const text = 'SELECT $1::int AS value, $2::text AS name';
    expect(await database.query(text, [0, 'once'])).toEqual([{ value: 0, name: 'once' }]);
    expect(await prepared()).not.toContain(text);
    const rows = await repeat(often, (value) => database.query(text, [value, "it's"]));
    expect(rows).toEqual(rows.map((_, value) => [{ value, name: "it's" }]));
    expect(await prepared()).toContain(text);
  });

  it('is prepared in each process for a bounded number of texts', async () => {
    for (let text = 0; text < 300; text += 1)
      await repeat(often, () => database.query(`SELECT $1::int AS value${text}`, [text]));
    expect((await prepared()).length).toBe(256);
    expect(await database.query('SELECT $1::int AS value299', [7])).toEqual([{ value299: 7 }]);
  });

  it('continues when a migration changes the columns of its result', async () => {
    const other = await spec.open('spec:migrated');
    const text = 'SELECT * FROM things WHERE aid = $1';
    const read = () => other.query(text, ['changed']);
    await other.query(`INSERT INTO things (aid, id) VALUES ('changed', 'one')`);
    await repeat(often, read);
    await spec.asOwner('ALTER TABLE spec.things ADD COLUMN note text');
    expect(await read()).toEqual([{ aid: 'changed', id: 'one', item_count: 0, note: null }]);

    const inTransaction = () => other.transaction((sql) => runSql(sql, `${text} AND id = $2`, ['changed', 'one']));
    await repeat(often, inTransaction);
    await spec.asOwner('ALTER TABLE spec.things DROP COLUMN note');
    expect(await inTransaction()).toEqual([{ aid: 'changed', id: 'one', item_count: 0 }]);
  });

  it('that is refused fails with the reason, prepared or not', async () => {
    const refused = () => database.query('SELECT $1::int / $2::int AS value', [1, 0]);
    for (let index = 0; index < often; index += 1) await expect(refused()).rejects.toThrow('division by zero');
  });
});
