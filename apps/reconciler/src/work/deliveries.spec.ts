import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadConfig, toEnvironment } from '@runos/config';
import { createLogger } from '@runos/observability';
import { keyringEntry } from '@runos/security';
import { reconcilerConfig } from '../config.js';
import type { Deliver } from '../delivery/deliver.js';
import { type TestDatabase, testDatabase } from '../../test/test-database.js';
import { Deliveries } from './deliveries.js';
import { Pokes } from './pokes.js';

describe('a turn of work that fails', () => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await testDatabase();
    await test.database.query(
      `WITH home AS (
         INSERT INTO cluster (aid, cid, name, root, is_default, changed_by, present)
         VALUES ('aaaaa', 'abc', 'x', 'example.com', false, 'spec', true) RETURNING id),
       made AS (
         INSERT INTO instance (aid, cluster_id, iid, type, osid, name, generation, revision, changed_by, secrets_sealed)
         SELECT 'aaaaa', id, 'x1', 'valkey', 'valkey-x1', 'x', 1, 1, 'spec', '' FROM home RETURNING id, cluster_id)
       INSERT INTO work (id, cluster_id, due_at, revision) SELECT id, cluster_id, now(), 1 FROM made`,
    );
  });
  afterAll(() => test.stop());

  it('gives its work back, so that nobody waits for the end of its lease', async () => {
    const settings = {
      ...{ natsUrl: 'nats://spec:4222', natsUser: 'x', natsPassword: 'x', databaseUrl: test.url },
      keyring: keyringEntry({ id: 'spec', key: Buffer.alloc(32, 7) }),
    };
    const config = loadConfig(reconcilerConfig, toEnvironment(settings));
    const deliver = { run: () => Promise.reject(new Error('the database went away')) } as Partial<Deliver> as Deliver;
    const pokes = new Pokes();
    const poked = new Promise<number>((resolve) => pokes.onPoke((_, delayMs) => resolve(delayMs)));
    const logger = createLogger({ service: 'spec', level: 'silent' });
    const deliveries = new Deliveries(test.database, deliver, pokes, config, logger);
    await deliveries.run(new AbortController().signal);
    expect(await poked).toBeLessThan(config.leaseSeconds * 1_000);
    await deliveries.drained();
    const [row] = await test.database.query('SELECT leased_until, failures, due_at > now() AS later FROM work');
    expect(row).toMatchObject({ leased_until: null, failures: 1 });
  });
});
