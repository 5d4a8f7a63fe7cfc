import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Fault } from '@runos/kernel';
import { afterCommit, type Database } from './database.js';
import { type PersistenceHarness, startHarness, Thing } from '../../test/harness.js';
import { sqlState, sqlStateOf, violatedConstraint } from '../connection/sql-state.js';

let spec: PersistenceHarness;
let database: Database;
beforeAll(async () => {
  spec = await startHarness();
  database = await spec.open('spec:a');
  await database.query(`INSERT INTO things (aid, id) VALUES ('a', 'one'), ('a', 'two')`);
});
afterAll(() => spec.stop());

const bump = (id: string) => `UPDATE things SET item_count = item_count + 1 WHERE id = '${id}'`;

describe('Database.transaction', () => {
  it('retries after a deadlock', async () => {
    let bothHold: () => void;
    const meeting = new Promise<void>((resolve) => (bothHold = resolve));
    let holders = 0;
    let runs = 0;
    const cross = (first: string, second: string) =>
      database.transaction(async (manager) => {
        runs += 1;
        await manager.query(bump(first));
        if (++holders >= 2) bothHold();
        await meeting;
        await manager.query(bump(second));
      });
    await Promise.all([cross('one', 'two'), cross('two', 'one')]);
    expect(runs).toBe(3);
    const rows = await database.manager.find(Thing, { order: { id: 'ASC' } });
    expect(rows.map(({ itemCount }) => itemCount)).toEqual([2, 2]);
  });

  it('applies the lock timeout to its transaction only', async () => {
    await database.transaction(async (holder) => {
      await holder.query(bump('one'));
      const waiting = database.transaction((manager) => manager.query(bump('one')), { lockTimeoutMs: 20 });
      expect(sqlStateOf(await waiting.catch((error: unknown) => error))).toBe(sqlState.lockNotAvailable);
      expect(await database.query('SHOW lock_timeout')).toEqual([{ lock_timeout: '0' }]);
    });
  });

  it('stops after its retries and does not retry other errors', async () => {
    let runs = 0;
    const serialization = Object.assign(new Error('again'), { code: sqlState.serializationFailure });
    const always = (error: Error) => async () => {
      runs += 1;
      throw error;
    };
    await expect(database.transaction(always(serialization), { retries: 2 })).rejects.toBe(serialization);
    expect(runs).toBe(3);
    await expect(database.transaction(always(new Error('no')))).rejects.toThrow('no');
    expect(runs).toBe(4);
  });

  it('calls hooks once after the commit and never after a rollback', async () => {
    const called: string[] = [];
    await database.transaction(async (manager) => {
      afterCommit(manager, () => called.push('committed'));
      await manager.query('SELECT 1');
      expect(called).toEqual([]);
    });
    const failing = database.transaction(async (manager) => {
      afterCommit(manager, () => called.push('rolled back'));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(called).toEqual(['committed']);
  });

  it('names the violated constraint', async () => {
    const error: unknown = await database
      .query(`INSERT INTO things (aid, id) VALUES ('a', 'one')`)
      .catch((thrown: unknown) => thrown);
    expect(sqlStateOf(error)).toBe(sqlState.uniqueViolation);
    expect(violatedConstraint(error)).toBe('things_pkey');
  });
});

describe('Database.rehearse', () => {
  it('returns the result, writes nothing and calls no hook', async () => {
    const called: string[] = [];
    const before = await database.query<{ itemCount: number }>('SELECT * FROM things ORDER BY id');
    const seen = await database.rehearse(async (manager) => {
      afterCommit(manager, () => called.push('committed'));
      await manager.query(bump('one'));
      return manager.query<unknown[]>('SELECT * FROM things ORDER BY id');
    });
    expect(seen).not.toEqual(before);
    expect(await database.query('SELECT * FROM things ORDER BY id')).toEqual(before);
    expect(called).toEqual([]);
  });

  it('throws what the work throws', async () => {
    await expect(database.rehearse(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(database.rehearse(() => Promise.resolve(undefined))).resolves.toBeUndefined();
  });
});

describe('an outage of the database', () => {
  it('throws the fault unavailable and recovers', async () => {
    const cut = database.transaction(async (manager) => {
      await manager.query('SELECT 1');
      await spec.asOwner(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'spec:a' AND datname = current_database()`,
      );
      await manager.query('SELECT 1');
    });
    const error: unknown = await cut.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Fault);
    expect((error as Fault).code).toBe('unavailable');
    expect(await database.transaction((manager) => manager.query('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
  });

  it('includes a statement timeout', async () => {
    await expect(
      database.transaction(async (manager) => {
        await manager.query(`SET LOCAL statement_timeout = '50ms'`);
        await manager.query('SELECT pg_sleep(10)');
      }),
    ).rejects.toMatchObject({ code: 'unavailable' });
  });
});
