import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { eventually, type PlaneClient, valueAt } from '@runos/tool-e2e';
import { connectToRealPlane, jobTimeoutMs, onDemoNodes, ServiceUnderTest } from './service-under-test.js';

jest.setTimeout(jobTimeoutMs + 120_000);

/** Four seconds on a machine without other load. */
const writesWithinMs = 60_000;

onDemoNodes('three instances of PostgreSQL on real nodes', () => {
  let plane: PlaneClient;
  let database: ServiceUnderTest;
  beforeAll(async () => {
    plane = await connectToRealPlane();
    database = await ServiceUnderTest.create(plane, 'postgresql', { replicas: 3 });
    await database.firstAnswer(() => database.psql('CREATE TABLE writes (id int)'));
  });
  afterAll(() => database?.delete());

  it('accept writes again soon after the pod of the primary is deleted', async () => {
    const live = await plane.kubectl.get('clusters.postgresql.cnpg.io', database.namespace, database.namespace);
    const primary = String(valueAt(live, 'status', 'currentPrimary'));
    const other = [1, 2, 3].map((number) => `${database.namespace}-${number}`).find((pod) => pod !== primary);
    await database.deletePod(primary);
    await eventually('a write', writesWithinMs, () => database.psql('INSERT INTO writes VALUES (1)', other));
    const later = await plane.kubectl.get('clusters.postgresql.cnpg.io', database.namespace, database.namespace);
    expect(valueAt(later, 'status', 'currentPrimary')).not.toBe(primary);
  });
});
