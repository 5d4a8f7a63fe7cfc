import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Database } from '../transactions/database.js';
import { expiredResponses, idempotent, isRepeated } from './idempotent.js';
import { type PersistenceHarness, startHarness } from '../../test/harness.js';

let spec: PersistenceHarness;
let database: Database;
beforeAll(async () => {
  spec = await startHarness();
  database = await spec.open('spec:a');
});
afterAll(() => spec.stop());

let runs = 0;
const write = (key: string | undefined, requestHash = 'h1', tenant = 'aaaaa', work = async () => ({ n: ++runs })) =>
  database.transaction((manager) =>
    idempotent(manager, { tenant, idempotency: key === undefined ? undefined : { key, requestHash } }, work),
  );

describe('idempotent', () => {
  it('returns the first response for a repeated request', async () => {
    const isKnown = (requestHash: string) =>
      isRepeated(database.manager, { tenant: 'aaaaa', idempotency: { key: 'k1', requestHash } });
    expect(await isKnown('h1')).toBe(false);
    const first = await write('k1');
    expect(await isKnown('h1')).toBe(true);
    await expect(isKnown('h2')).rejects.toMatchObject({ code: 'conflict.idempotency' });
    expect(await write('k1')).toEqual(first);
    expect(await write('k1', 'h1', 'bbbbb')).not.toEqual(first);
    expect(await write('k2')).not.toEqual(first);
  });

  it('rejects another request with the same key', async () => {
    await write('k3');
    await expect(write('k3', 'h2')).rejects.toMatchObject({ code: 'conflict.idempotency' });
  });

  it('returns a response to its caller only, if both gateways send the caller', async () => {
    const as = (key: string, caller: string | undefined) =>
      database.transaction((manager) =>
        idempotent(manager, { tenant: 'aaaaa', idempotency: { key, requestHash: 'h1', caller } }, async () => ({
          n: ++runs,
        })),
      );
    const [withCaller, withoutCaller] = [await as('k7', 'ada owner'), await as('k8', undefined)];
    await expect(as('k7', 'bob viewer')).rejects.toMatchObject({ code: 'conflict.idempotency' });
    expect([await as('k7', 'ada owner'), await as('k7', undefined)]).toEqual([withCaller, withCaller]);
    expect([await as('k8', undefined), await as('k8', 'ada owner')]).toEqual([withoutCaller, withoutCaller]);
  });

  it('runs every time without a key', async () => {
    expect(await write(undefined)).not.toEqual(await write(undefined));
  });

  it('runs once for concurrent requests', async () => {
    const before = runs;
    const responses = await Promise.all(Array.from({ length: 5 }, () => write('k4')));
    expect(new Set(responses.map(({ n }) => n)).size).toBe(1);
    expect(runs).toBe(before + 1);
  });

  it('runs a waiting request after the first one failed', async () => {
    let claimed: () => void = () => undefined;
    let fail: () => void = () => undefined;
    const hasClaimed = new Promise<void>((resolve) => {
      claimed = resolve;
    });
    const failing = write('k5', 'h1', 'aaaaa', async () => {
      claimed();
      await new Promise<void>((resolve) => {
        fail = resolve;
      });
      throw new Error('first fails');
    });
    await hasClaimed;
    const second = write('k5');
    fail();
    await expect(failing).rejects.toThrow('first fails');
    expect((await second).n).toBe(runs);
  });

  it('forgets responses after 24 hours', async () => {
    const first = await write('k6');
    await spec.asOwner(`UPDATE spec.idempotency SET created_at = now() - interval '25 hours' WHERE key = 'k6'`);
    expect(await write('k6', 'h2')).not.toEqual(first);
    await spec.asOwner(`UPDATE spec.idempotency SET created_at = now() - interval '25 hours' WHERE key = 'k6'`);
    expect(await expiredResponses.deleteBatch(database.manager, undefined)).toMatchObject({ deleted: 1 });
  });

  it('stores a sealed response encrypted', async () => {
    const seal = {
      seal: (text: string, about: string) => Buffer.from(`${about}|${text}`).toString('hex'),
      unseal: (sealed: string, about: string) =>
        Buffer.from(sealed, 'hex')
          .toString()
          .slice(about.length + 1),
    };
    const secret = () =>
      database.transaction((manager) =>
        idempotent(manager, { tenant: 'a', idempotency: { key: 's', requestHash: 'h' }, seal }, async () => 'hunter2'),
      );
    expect([await secret(), await secret()]).toEqual(['hunter2', 'hunter2']);
    const [row] = await spec.asOwner(`SELECT response FROM spec.idempotency WHERE key = 's'`);
    expect(row?.['response']).toEqual(expect.not.stringContaining('hunter2'));
  });
});
