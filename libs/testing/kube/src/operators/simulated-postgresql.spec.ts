import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { failAnnotation } from '@runos/catalog-model';
import { kubeRequest } from '../cluster/kube-request.js';
import { ClusterUnderTest, condition, type Live } from '../cluster/cluster-under-test.js';

const restartAnnotation = 'kubectl.kubernetes.io/restartedAt';
const isHealthy = (live: Live): boolean =>
  live.status.phase === 'Cluster in healthy state' && condition(live, 'Ready')?.status === 'True';

describe('the simulated CloudNativePG', () => {
  let test: ClusterUnderTest;
  beforeAll(async () => {
    test = await ClusterUnderTest.start();
  }, 900_000);
  afterAll(() => test?.stop());

  const pathOf = (name: string): string => `/apis/postgresql.cnpg.io/v1/namespaces/${name}/clusters/${name}`;
  const apply = (name: string, spec: object) => test.apply(pathOf(name), database(name, spec));
  const create = async (name: string, spec: object = {}): Promise<string> => {
    await test.namespace(name);
    await apply(name, spec);
    return pathOf(name);
  };
  const createHealthy = async (name: string, instances = 1, spec: object = {}): Promise<string> => {
    const path = await create(name, { instances, ...spec });
    await test.waitFor(path, (live) => isHealthy(live) && live.status.readyInstances === instances);
    return path;
  };
  const listed = async (kind: 'pods' | 'persistentvolumeclaims', name: string): Promise<readonly Live[]> => {
    const { body } = await kubeRequest(test.cluster, `/api/v1/namespaces/${name}/${kind}`);
    return (JSON.parse(body) as { items: readonly Live[] }).items;
  };
  const uids = async (name: string) => (await listed('pods', name)).map(({ metadata }) => metadata.uid).sort();
  /** Resolves when none of the pods is one of `before`, and the Cluster is healthy. */
  const replaced = async (name: string, before: readonly string[]) => {
    const isNew = async () => (await uids(name)).every((uid) => !before.includes(uid));
    await test.waitFor(pathOf(name), async (live) => isHealthy(live) && (await isNew()));
    expect(await uids(name)).toHaveLength(before.length);
  };

  it('makes a pod and a claim for each instance with the labels of the operator, and follows their number', async () => {
    const path = await createHealthy('sized', 2, { inheritedMetadata: { labels: { team: 'blue' } } });
    const pods = await listed('pods', 'sized');
    expect(pods.map(({ metadata }) => metadata.name)).toEqual(['sized-1', 'sized-2']);
    expect(pods[0]?.metadata).toMatchObject({
      labels: { 'cnpg.io/cluster': 'sized', 'cnpg.io/instanceRole': 'primary', team: 'blue' },
      ownerReferences: [{ kind: 'Cluster', name: 'sized', controller: true }],
    });
    expect((await listed('persistentvolumeclaims', 'sized')).map(({ metadata }) => metadata.name)).toEqual([
      'sized-1',
      'sized-2',
    ]);
    await apply('sized', { instances: 1 });
    await test.waitFor(path, (live) => isHealthy(live) && live.status['instances'] === 1);
    expect((await uids('sized')).length).toBe(1);
    await apply('sized', { instances: 2 });
    const grown = await test.waitFor(path, (live) => isHealthy(live) && live.status.readyInstances === 2);
    expect(grown.status).toMatchObject({ instanceNames: ['sized-1', 'sized-3'], currentPrimary: 'sized-1' });
    expect(JSON.stringify(grown.status)).not.toContain('observedGeneration');
    expect(grown.spec).toMatchObject({ enablePDB: true, postgresGID: 26 }); // the real CRD's defaults
  });

  it('replaces the pods one at a time, the primary last, for each restart, image and size', async () => {
    const path = await createHealthy('rolled', 2);
    for (const at of ['2026-11-30T05:00:00Z', '2026-11-30T05:00:01Z']) {
      const before = await uids('rolled');
      await test.annotate(path, { [restartAnnotation]: at });
      await replaced('rolled', before);
      const annotations = (await listed('pods', 'rolled')).map(({ metadata }) => metadata.annotations);
      expect(annotations.map((each) => each?.[restartAnnotation])).toEqual([at, at]);
    }
    const changes = [{ imageName: 'postgresql:17.9' }, { resources: { limits: { cpu: '700m' } } }];
    for (const [index] of changes.entries()) {
      const before = await uids('rolled');
      await apply('rolled', Object.assign({ instances: 2 }, ...changes.slice(0, index + 1)) as object);
      const during = await test.waitFor(path, (live) => !isHealthy(live));
      expect(during.status).toMatchObject({ phase: 'Upgrading cluster', currentPrimary: 'rolled-1' });
      expect(during.status['phaseReason']).toMatch(/^Restarting instance rolled-2, because: /);
      await replaced('rolled', before);
    }
  });

  it('replaces pods for a setting that PostgreSQL reads at its start, and for no other', async () => {
    const set = (parameters: object) => apply('tuned', { imageName: 'postgresql:17.9', postgresql: { parameters } });
    await createHealthy('tuned', 1, { imageName: 'postgresql:17.9' });
    const before = await uids('tuned');
    await set({ work_mem: '8MB', max_connections: '200' });
    await replaced('tuned', before);
    const after = await uids('tuned');
    await set({ work_mem: '16MB', max_connections: '200' });
    await test.annotate(pathOf('tuned'), { [restartAnnotation]: '2026-11-30T05:00:00Z' }); // the operator has seen both
    await replaced('tuned', after);
  });

  it('does nothing while its reconcile loop is disabled', async () => {
    const path = await createHealthy('paused');
    const before = await uids('paused');
    await test.annotate(path, {
      'cnpg.io/reconciliationLoop': 'disabled',
      [restartAnnotation]: '2026-11-30T05:00:00Z',
    });
    await createHealthy('other');
    expect(await uids('paused')).toEqual(before);
    await test.annotate(path, { 'cnpg.io/reconciliationLoop': null });
    await replaced('paused', before);
  });

  it('replaces a pod that no node takes when its size fits again', async () => {
    const path = await createHealthy('greedy');
    await apply('greedy', { resources: { requests: { cpu: '90' } } });
    const stuck = await test.waitFor(
      '/api/v1/namespaces/greedy/pods/greedy-1',
      (live) => condition(live, 'PodScheduled')?.status === 'False',
    );
    expect(condition(stuck, 'PodScheduled')?.reason).toBe('Unschedulable');
    expect(condition((await test.get(path)) as Live, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ClusterIsNotReady',
    });
    await apply('greedy', { resources: { requests: { cpu: '500m', memory: '1024Mi' } } });
    await test.waitFor(path, (live) => isHealthy(live) && live.status.readyInstances === 1);
  });

  it.each(['crash-loop', 'never-ready', 'image-pull', 'true'])(
    'fails by annotation (%s) and recovers without it',
    async (fault) => {
      const path = await createHealthy(`failed-${fault}`);
      await test.annotate(path, { [failAnnotation]: fault });
      await test.waitFor(path, ({ status }) => status['readyInstances'] === undefined);
      await test.annotate(path, { [failAnnotation]: null });
      await test.waitFor(path, (live) => isHealthy(live) && live.status.readyInstances === 1);
    },
  );

  it('lets claims grow, and loses pods and claims with its Cluster', async () => {
    const path = await createHealthy('grown');
    await apply('grown', { storage: { size: '20Gi' } });
    const claim = '/api/v1/namespaces/grown/persistentvolumeclaims/grown-1';
    await test.waitFor(claim, ({ spec }) => JSON.stringify(spec).includes('20Gi'));
    await kubeRequest(test.cluster, path, { method: 'DELETE' });
    await test.waitUntilGone(claim);
    expect(await listed('pods', 'grown')).toEqual([]);
  });

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
