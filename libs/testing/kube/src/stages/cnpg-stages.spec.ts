import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ClusterUnderTest, condition, type Live } from '../cluster/cluster-under-test.js';
import { failAnnotation } from '@runos/catalog-model';

jest.setTimeout(60_000);

const isHealthy = (live: Live): boolean =>
  live.status.phase === 'Cluster in healthy state' && condition(live, 'Ready')?.status === 'True';

describe('the CloudNativePG that stages simulate', () => {
  let test: ClusterUnderTest;
  beforeAll(async () => {
    test = await ClusterUnderTest.start();
  }, 900_000);
  afterAll(() => test?.stop());

  const create = async (ns: string, spec: object = {}): Promise<string> => {
    const path = `/apis/postgresql.cnpg.io/v1/namespaces/${await test.namespace(ns)}/clusters/${ns}`;
    await test.apply(path, database(ns, spec));
    return path;
  };

  it('makes a cluster healthy, also after a change of its size', async () => {
    const path = await create('sized');
    await test.waitFor(path, (live) => isHealthy(live) && live.status.readyInstances === 1);
    await test.apply(path, database('sized', { instances: 3 }));
    const grown = await test.waitFor(path, (live) => isHealthy(live) && live.status.readyInstances === 3);
    expect(grown.spec).toMatchObject({ enablePDB: true, postgresGID: 26 }); // the real CRD's defaults
  });

  it('keeps a cluster unready while its requests exceed the capacity of a node', async () => {
    const path = await create('greedy');
    await test.waitFor(path, isHealthy);
    await test.apply(path, database('greedy', { resources: { requests: { cpu: '90' } } }));
    const stuck = await test.waitFor(path, (live) => live.status.phaseReason);
    expect(stuck.status.phaseReason).toBe('Unschedulable: Insufficient cpu for pod greedy-1');
    expect(condition(stuck, 'Ready')).toMatchObject({ status: 'False', reason: 'ClusterIsNotReady' });
    await test.apply(path, database('greedy', { resources: { requests: { cpu: '500m', memory: '1024Mi' } } }));
    await test.waitFor(path, (live) => isHealthy(live) && live.status.phaseReason === '');
  });

  it('keeps a cluster with a missing image unready', async () => {
    const path = await create('pulling', { imageName: 'ghcr.io/cloudnative-pg/postgresql:does-not-exist' });
    const stuck = await test.waitFor(path, (live) => live.status.phaseReason);
    expect(stuck.status.phaseReason).toMatch(/^ImagePullBackOff: .*:does-not-exist cannot be pulled$/);
  });

  it.each(['crash-loop', 'never-ready', 'image-pull', 'true'])(
    'fails by annotation (%s) and recovers without it',
    async (fault) => {
      const path = await create(`failed-${fault}`);
      await test.waitFor(path, isHealthy);
      await test.annotate(path, { [failAnnotation]: fault });
      await test.waitFor(path, (live) => live.status.phaseReason && !isHealthy(live));
      await test.annotate(path, { [failAnnotation]: null });
      await test.waitFor(path, isHealthy);
    },
  );

  it("rejects a wrong type with its path, by the operator's schema", async () => {
    await expect(create('wrong', { instances: 'two' })).rejects.toThrow(/spec\.instances/);
  });
});

const database = (name: string, spec: object): object => ({
  apiVersion: 'postgresql.cnpg.io/v1',
  kind: 'Cluster',
  metadata: { name },
  spec: { instances: 1, storage: { size: '10Gi' }, ...spec },
});
