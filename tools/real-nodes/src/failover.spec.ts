import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { eventually, jobTimeoutMs, type PlaneClient, valueAt } from '@runos/tool-e2e';
import { connectToRealPlane, onDemoNodes, ServiceUnderTest } from './service-under-test.js';

jest.setTimeout(jobTimeoutMs + 120_000);

onDemoNodes('three instances of PostgreSQL on real nodes', () => {
  let plane: PlaneClient;
  let database: ServiceUnderTest;
  beforeAll(async () => {
    plane = await connectToRealPlane();
    database = await ServiceUnderTest.create(plane, 'postgresql', { replicas: 3 });
    await database.firstAnswer(() => database.psql('CREATE TABLE writes (id int)'));
  });
  afterAll(() => database?.delete());

  const currentPrimary = async (): Promise<string> => {
    const live = await plane.kubectl.get('clusters.postgresql.cnpg.io', database.namespace, database.namespace);
    return String(valueAt(live, 'status', 'currentPrimary'));
  };

  it('accept writes again soon after the pod of the primary is deleted', async () => {
    const primary = await currentPrimary();
    const other = [1, 2, 3].map((number) => `${database.namespace}-${number}`).find((pod) => pod !== primary);
    const deleted = performance.now();
    await database.deletePod(primary);
    // The deleted pod may serve writes until its node has ended it.
    await eventually('another primary', async () => (await currentPrimary()) !== primary);
    await eventually('a write', () => database.psql('INSERT INTO writes VALUES (1)', other));
    const ms = performance.now() - deleted;
    process.stdout.write(`writes are accepted again after ${(ms / 1_000).toFixed(1)} s\n`); // the goal is 15 s
    expect(await database.psql('SELECT DISTINCT id FROM writes', other)).toBe('1');
  });
});
