import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { failAnnotation } from '@runos/catalog-model';
import { ClusterUnderTest, condition, type Live } from './cluster-under-test.js';

describe('the cluster', () => {
  let test: ClusterUnderTest;
  beforeAll(async () => {
    test = await ClusterUnderTest.start();
  }, 900_000); // the first run on a machine builds Kubernetes
  afterAll(() => test?.stop());

  it('runs a Deployment', async () => {
    const ns = await test.namespace('deployments');
    const path = `/apis/apps/v1/namespaces/${ns}/deployments/web`;
    await test.apply(path, workload('Deployment', { replicas: 3 }));
    await test.waitFor(path, ({ status }) => status.readyReplicas === 3);
  });

  it("binds a StatefulSet's claim, and removes everything with the namespace", async () => {
    const ns = await test.namespace('claims');
    const path = `/apis/apps/v1/namespaces/${ns}/statefulsets/web`;
    const volumeClaimTemplates = [
      {
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    ];
    await test.apply(path, workload('StatefulSet', { replicas: 1, serviceName: 'web', volumeClaimTemplates }));
    await test.waitFor(path, ({ status }) => status.readyReplicas === 1);
    await test.waitFor(
      `/api/v1/namespaces/${ns}/persistentvolumeclaims/data-web-0`,
      ({ status }) => status.phase === 'Bound',
    );
  });

  it('reports that a pod cannot pull its image', async () => {
    const ns = await test.namespace('pulls');
    await test.apply(`/apis/apps/v1/namespaces/${ns}/statefulsets/web`, {
      ...workload('StatefulSet', { replicas: 1, serviceName: 'web' }, 'valkey:does-not-exist'),
    });
    const pod = await test.waitFor(`/api/v1/namespaces/${ns}/pods/web-0`, (live) => waiting(live));
    expect(waiting(pod)).toEqual({
      reason: 'ImagePullBackOff',
      message: 'Back-off pulling image "valkey:does-not-exist": not found',
    });
    expect(condition(pod, 'Ready')?.status).toBe('False');
  });

  it('makes an annotated running pod fail, and recover without the annotation', async () => {
    const ns = await test.namespace('crashes');
    await test.apply(
      `/apis/apps/v1/namespaces/${ns}/statefulsets/web`,
      workload('StatefulSet', { replicas: 1, serviceName: 'web' }),
    );
    const pod = `/api/v1/namespaces/${ns}/pods/web-0`;
    const isReady = (live: Live): boolean => condition(live, 'Ready')?.status === 'True';
    await test.waitFor(pod, isReady);
    await test.annotate(pod, { [failAnnotation]: 'crash-loop' });
    await test.waitFor(pod, (live) => waiting(live)?.reason === 'CrashLoopBackOff' && !isReady(live));
    await test.annotate(pod, { [failAnnotation]: null });
    await test.waitFor(pod, isReady);
  });

  it('leaves a pod unscheduled whose requests exceed the capacity of a node', async () => {
    const ns = await test.namespace('too-large');
    const set = workload('StatefulSet', { replicas: 1, serviceName: 'web' }, 'valkey:8.1', { cpu: '100' });
    await test.apply(`/apis/apps/v1/namespaces/${ns}/statefulsets/web`, set);
    const pod = await test.waitFor(`/api/v1/namespaces/${ns}/pods/web-0`, (live) => condition(live, 'PodScheduled'));
    expect(condition(pod, 'PodScheduled')).toMatchObject({ status: 'False', reason: 'Unschedulable' });
  });

  it('renews the heartbeat of a node long before the controller-manager declares it NotReady', async () => {
    const heartbeat = (live: Live): string => condition(live, 'Ready')?.lastHeartbeatTime ?? '';
    const first = await test.waitFor('/api/v1/nodes/node-1', heartbeat);
    const next = await test.waitFor('/api/v1/nodes/node-1', (live) => heartbeat(live) > heartbeat(first));
    expect(condition(next, 'Ready')?.status).toBe('True');
  });

  it('rejects missing and unknown tokens', async () => {
    const { server, ca } = test.cluster;
    const { kubeRequest } = await import('./kube-request.js');
    expect((await kubeRequest({ server, ca, token: 'guessed' }, '/api/v1/namespaces')).status).toBe(401);
  });
});

interface Waiting {
  readonly reason: string;
  readonly message: string;
}

function waiting(live: Live): Waiting | undefined {
  const [first] = (live.status.containerStatuses ?? []) as { state: { waiting?: Waiting } }[];
  return first?.state.waiting;
}

function workload(kind: string, spec: object, image = 'valkey:8.1', requests: object = {}): object {
  const labels = { app: 'web' };
  const containers = [{ name: 'web', image, resources: { requests } }];
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'web' },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } }, ...spec },
  };
}
