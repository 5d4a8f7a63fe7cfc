import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { onRealNodes } from '@runos/testing-kube';
import { type PlaneClient, valueAt } from '@runos/tool-e2e';
import { connectToRealPlane, jobTimeoutMs, ServiceUnderTest } from './service-under-test.js';

jest.setTimeout(jobTimeoutMs + 120_000);

/** The longest pause of writes after the loss of a primary, ms. */
const maxPauseMs = 15_000;

onRealNodes(describe)('three instances of PostgreSQL on real nodes', () => {
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
    const lost = performance.now();
    let pause = 0;
    for (let written = false; !written && pause < jobTimeoutMs; pause = performance.now() - lost) {
      written = await database.psql('INSERT INTO writes VALUES (1)', other).then(
        () => true,
        () => false, // no primary yet
      );
    }
    expect(pause).toBeLessThan(maxPauseMs);
  });
});
