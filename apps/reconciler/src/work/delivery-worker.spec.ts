import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadConfig, toEnvironment } from '@runos/config';
import { createLogger } from '@runos/observability';
import { keyringEntry } from '@runos/security';
import { reconcilerConfig } from '../config.js';
import type { BundleDelivery } from '../delivery/bundle-delivery.js';
import { startTestDatabase, type TestDatabase } from '../../test/test-database.js';
import { DeliveryWorker } from './delivery-worker.js';
import { Wakeups } from './wakeups.js';
import { WorkRepository } from './work-repository.js';

describe('a failed delivery', () => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await startTestDatabase();
    await test.database.query(
      `WITH cluster AS (
         INSERT INTO cluster (aid, cid, name, root, is_default, changed_by, connected)
         VALUES ('aaaaa', 'abc', 'x', 'example.com', false, 'spec', true) RETURNING id),
       made AS (
         INSERT INTO instance (aid, cluster_id, iid, kind, type, osid, name, generation, revision, changed_by, secrets_sealed)
         SELECT 'aaaaa', id, 'x1', 'service', 'valkey', 'valkey-x1', 'x', 1, 1, 'spec', '' FROM cluster RETURNING id, cluster_id)
       INSERT INTO work (id, cluster_id, next_attempt_at, revision) SELECT id, cluster_id, now(), 1 FROM made`,
    );
  });
  afterAll(() => test?.stop());

  it('releases its claim, so that the work does not wait for the end of the lease', async () => {
    const settings = {
      natsUrl: 'nats://spec:4222',
      natsUser: 'x',
      natsPassword: 'x',
      databaseUrl: test.url,
      keyring: keyringEntry({ id: 'spec', key: Buffer.alloc(32, 7) }),
    };
    const config = loadConfig(reconcilerConfig, toEnvironment(settings));
    const run = () => Promise.reject(new Error('the database is unreachable'));
    const delivery = { run } as Partial<BundleDelivery> as BundleDelivery;
    const wakeups = new Wakeups();
    const woken = new Promise<number>((resolve) => wakeups.setListener((_, delayMs) => resolve(delayMs)));
    const logger = createLogger({ service: 'spec', level: 'silent' });
    const worker = new DeliveryWorker(test.database, new WorkRepository(), delivery, wakeups, config, logger);
    await worker.run(new AbortController().signal);
    const delayMs = await woken;
    expect(delayMs).toBeGreaterThan(0);
    expect(delayMs).toBeLessThan(config.leaseSeconds * 1_000);
    await worker.drained();
    const [row] = await test.database.query('SELECT lease_expires_at, failures, next_attempt_at FROM work');
    expect(row).toMatchObject({ lease_expires_at: null, failures: 1, next_attempt_at: expect.anything() });
  });
});
