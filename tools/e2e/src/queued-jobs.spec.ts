import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';
import type { LiveObject } from '@runos/testing-kube';
import { valueAt } from './value-at.js';
import { type Instance, connectToSharedPlane, type PlaneClient } from './plane-client.js';

describe('rollouts and restarts of one service at the same time', () => {
  let planeClient: PlaneClient;
  let instance: Instance;
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
    instance = await planeClient.create('valkey');
  });

  const restart = async () => (await planeClient.api.patch(`${instance.path}/restart`)).body['jobId'];
  const update = async (cpuLimitMc: number) =>
    (await planeClient.api.patch(instance.path, { cpuLimitMc })).body['jobId'];
  const restartAnnotation = [
    'spec',
    'template',
    'metadata',
    'annotations',
    'kubectl.kubernetes.io/restartedAt',
  ] as const;
  /** The pod templates that the StatefulSet has had, oldest first; each replaced the pods once. */
  const templates = async (): Promise<LiveObject[]> => {
    const args = ['get', 'controllerrevisions', '-n', instance.osid, '-o', 'json'];
    const { items } = JSON.parse(await planeClient.kubectl.run(args)) as {
      items: { revision: number; data: LiveObject }[];
    };
    return items.toSorted((x, y) => x.revision - y.revision).map(({ data }) => data);
  };
  const completedAt = async (id: unknown) => String((await planeClient.waitForCompletion(id))['completedAt']);

  it('restarts the pods once, after the rollout', async () => {
    const rollout = await update(600);
    const action = await restart();
    const rolledOut = await completedAt(rollout);
    expect((await completedAt(action)) > rolledOut).toBe(true);
    const [created, updated, restarted, ...others] = await templates();
    expect(others).toEqual([]);
    expect(valueAt(created, ...restartAnnotation)).toBeUndefined();
    expect(valueAt(updated, ...restartAnnotation)).toBeUndefined();
    expect(String(valueAt(restarted, ...restartAnnotation)) >= rolledOut).toBe(true);
    const statefulSet = await planeClient.kubectl.get('statefulset', instance.osid, instance.osid);
    const hash = valueAt(statefulSet, 'status', 'updateRevision');
    expect(hash).toEqual(expect.any(String));
    await eventually(`the pod to have the hash ${String(hash)}`, async () => {
      const pod = await planeClient.kubectl.get('pod', `${instance.osid}-0`, instance.osid);
      return valueAt(pod, 'metadata', 'labels', 'controller-revision-hash') === hash;
    });
  });

  it('starts the newest rollout after the restart, with the restart kept', async () => {
    const action = await restart();
    const rollouts = [await update(700), await update(800)];
    expect(await planeClient.show(instance)).toMatchObject({ cpuLimitMc: 800 });
    await planeClient.waitForCompletion(action);
    await planeClient.waitForCompletion(rollouts[1]);
    expect(['cancelled', 'completed']).toContain((await planeClient.api.ended(rollouts[0]))['status']);
    const statefulSet = await planeClient.kubectl.get('statefulset', instance.osid, instance.osid);
    expect(valueAt(statefulSet, ...restartAnnotation)).toEqual(expect.any(String));
    const [container] = valueAt(statefulSet, 'spec', 'template', 'spec', 'containers') as object[];
    expect(valueAt(container, 'resources', 'limits', 'cpu')).toBe('800m');
    // The last pod may still be replaced when its job has ended.
    const shown = await planeClient.showOnce(instance, { status: 'healthy' });
    expect(shown['observedGeneration']).toBe(shown['generation']);
  });
});
