import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestDatabase, type TestDatabase } from '../../test/test-database.js';
import { ClusterRepository } from '../clusters/cluster-repository.js';
import { ClusterAddonRepository } from './cluster-addon-repository.js';

describe('the attempts of an add-on', () => {
  const managed = new ClusterAddonRepository();
  let test: TestDatabase;
  beforeAll(async () => {
    test = await startTestDatabase();
    await test.database.query(
      `INSERT INTO cluster (aid, cid, name, root, is_default, changed_by, connected)
       VALUES ('aaaaa', 'abc', 'abc', 'example.com', false, 'spec', true)`,
    );
  });
  afterAll(() => test?.stop());

  it('include one that a report requests while an earlier one ends', async () => {
    const sql = test.database.manager;
    const cluster = await new ClusterRepository().get(sql, 'aaaaa', 'abc');
    const request = { name: 'cloudnative-pg', desired: 'installed', version: '1.27.0', jobId: null } as const;
    await managed.request(sql, cluster, request);
    const attempt = { appliedVersion: '1.27.0', problem: null, failures: 0, afterMs: 60_000 };
    const claimOne = async () => {
      const [claim] = await managed.claim(sql, 90_000, 16);
      if (claim === undefined) throw new Error('nothing was claimed');
      return claim;
    };
    const first = await claimOne();
    // The applied add-on is reported as lost, before the result of the attempt is written.
    await managed.recordReady(sql, first, false);
    await managed.recordAttempt(sql, first, attempt);
    expect(await managed.nextAttemptInMs(sql)).toBe(0);
    await managed.recordAttempt(sql, await claimOne(), attempt);
    expect(await managed.nextAttemptInMs(sql)).toBeGreaterThan(30_000);
    await managed.recordReady(sql, first, true);
    expect(await managed.nextAttemptInMs(sql)).toBeUndefined();
  });
});
