import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { propertySeed } from '@runos/testing-basics';
import { condition, objectOf, pod, waiting } from '../test/objects.js';
import { builtInCatalog, failedCreate, failedProbe } from './index.js';

fc.configureGlobal({ seed: propertySeed() });

const healthOf = builtInCatalog.healthOf.bind(builtInCatalog);
const replicasOf = builtInCatalog.replicasOf.bind(builtInCatalog);

const set = (status: object, spec: object = { replicas: 2 }) =>
  objectOf('StatefulSet', { spec, status: { observedGeneration: 3, ...status } }, { generation: 3 }, 'apps/v1');
const same = { currentRevision: 'a', updateRevision: 'a' };
const deployment = (status: object) =>
  objectOf(
    'Deployment',
    { spec: { replicas: 2 }, status: { observedGeneration: 3, ...status } },
    { generation: 3 },
    'apps/v1',
  );

describe('health', () => {
  it('of a pod quotes the last message of its container', () => {
    const message = 'LOG:  starting\nFATAL:  "min_wal_size" must be at least twice "wal_segment_size"\n';
    const crashing = pod(waiting('CrashLoopBackOff', { lastState: { terminated: { exitCode: 1, message } } }));
    expect(builtInCatalog.healthOf(crashing).message).toMatch(
      /keeps ending with exit code 1: "min_wal_size" must be at least twice "wal_segment_size"\. It starts/,
    );
    const ended = { containerStatuses: [{ name: 'x', state: { terminated: { exitCode: 1, message } } }] };
    expect(builtInCatalog.healthOf(pod({ phase: 'Failed', ...ended })).message).toMatch(
      /its containers ended with an error: "min_wal_size" must .*\. Read its logs\.$/,
    );
  });

  it.each([
    [
      'a set whose generation is not yet observed',
      set({ observedGeneration: 2, ...same, replicas: 2, readyReplicas: 2 }),
      'progressing',
      'NotObserved',
    ],
    [
      'a set that rolls out',
      set({ currentRevision: 'a', updateRevision: 'b', replicas: 2, readyReplicas: 2 }),
      'progressing',
      'RollingOut',
    ],
    ['a set with all its pods', set({ ...same, replicas: 2, readyReplicas: 2 }), 'ready', 'Ready'],
    ['a set that lacks one', set({ ...same, replicas: 2, readyReplicas: 1 }), 'degraded', 'PodsNotReady'],
    ['a set without any', set({ ...same, replicas: 2 }), 'progressing', 'RollingOut'],
    ['a set of nothing', set({}, { replicas: 0 }), 'ready', 'Ready'],
    [
      'a deployment that is done',
      deployment({ replicas: 2, updatedReplicas: 2, availableReplicas: 2 }),
      'ready',
      'Ready',
    ],
    [
      'a deployment with old pods left',
      deployment({ replicas: 3, updatedReplicas: 2, availableReplicas: 3 }),
      'progressing',
      'RollingOut',
    ],
    [
      'a deployment that made no progress',
      deployment({ conditions: [condition('Progressing', 'False', { reason: 'ProgressDeadlineExceeded' })] }),
      'failed',
      'ProgressDeadlineExceeded',
    ],
    [
      'a deployment over its quota',
      deployment({ conditions: [condition('ReplicaFailure', 'True', { message: 'exceeded quota: small' })] }),
      'failed',
      'QuotaExceeded',
    ],
    ['a pod without an image', pod(waiting('ErrImagePull')), 'failed', 'ImagePullBackOff'],
    [
      'a pod that ends again and again',
      pod(waiting('CrashLoopBackOff', { lastState: { terminated: { exitCode: 3 } } })),
      'failed',
      'CrashLoopBackOff',
    ],
    [
      'a pod that took too much',
      pod(waiting('CrashLoopBackOff', { lastState: { terminated: { reason: 'OOMKilled' } } })),
      'failed',
      'OOMKilled',
    ],
    ['a pod being made', pod(waiting('ContainerCreating')), 'progressing', 'PodStarting'],
    [
      'a pod that fits nowhere',
      pod({
        phase: 'Pending',
        conditions: [condition('PodScheduled', 'False', { reason: 'Unschedulable', message: 'Insufficient cpu' })],
      }),
      'progressing',
      'Unschedulable',
    ],
    [
      'a pod without its volume',
      pod({
        phase: 'Pending',
        conditions: [
          condition('PodScheduled', 'False', {
            reason: 'Unschedulable',
            message: 'pod has unbound immediate PersistentVolumeClaims',
          }),
        ],
      }),
      'progressing',
      'VolumeUnbound',
    ],
    ['a pod that is ready', pod({ phase: 'Running', conditions: [condition('Ready', 'True')] }), 'ready', 'Ready'],
    ['an evicted pod', pod({ phase: 'Failed', reason: 'Evicted', message: 'low on memory' }), 'failed', 'Evicted'],
    ['a bound claim', objectOf('PersistentVolumeClaim', { status: { phase: 'Bound' } }), 'ready', 'Bound'],
    [
      'an unbound claim',
      objectOf('PersistentVolumeClaim', { status: { phase: 'Pending' } }),
      'progressing',
      'VolumeUnbound',
    ],
    ['a lost claim', objectOf('PersistentVolumeClaim', { status: { phase: 'Lost' } }), 'failed', 'VolumeLost'],
    ['a namespace that ends', objectOf('Namespace', {}, { deletionTimestamp: 'now' }), 'progressing', 'Terminating'],
    [
      'a balancer without address',
      objectOf('Service', { spec: { type: 'LoadBalancer' } }),
      'progressing',
      'NoLoadBalancer',
    ],
    ['a secret', objectOf('Secret'), 'ready', 'Exists'],
    [
      'a custom thing that is not ready',
      objectOf('Certificate', { status: { conditions: [condition('Ready', 'False')] } }, {}, 'cert-manager.io/v1'),
      'progressing',
      'R',
    ],
    [
      'a job that failed',
      objectOf('Job', { status: { conditions: [condition('Failed', 'True')] } }, {}, 'batch/v1'),
      'failed',
      'R',
    ],
  ])('of %s', (_, object, state, reason) => {
    const seen = healthOf(object);
    expect(seen).toMatchObject({ state, reason });
    if (seen.state === 'ready') expect(seen.message).toBe('');
    else expect(seen.message).toMatch(/\.$/);
  });

  it('quotes the runtime in a constant message while Kubernetes retries', () => {
    const cause = 'rpc error: code = NotFound desc = docker.io/library/valkey:9: not found';
    const messages = [
      waiting('ErrImagePull', {}, cause),
      waiting('ImagePullBackOff', {}, `Back-off pulling image "valkey:9": ErrImagePull: ${cause}`),
    ].map((container) => healthOf(pod(container)).message);
    expect(new Set(messages)).toEqual(
      new Set([
        'Pod web cannot pull docker.io/valkey:9 from registry docker.io: docker.io/library/valkey:9: not found. Check that the image and its tag exist and that the cluster may pull it.',
      ]),
    );
  });

  it('contains a remedy for a pod that cannot be created', () => {
    expect(failedCreate('exceeded quota: small')).toMatchObject({
      reason: 'QuotaExceeded',
      message: expect.stringContaining('Raise the quota'),
    });
    expect(failedCreate('violates PodSecurity').reason).toBe('FailedCreate');
  });

  it('contains the output of a readiness probe, and names a full volume', () => {
    const words = 'Readiness probe failed: (error) MISCONF Errors writing to the AOF file: No space left on device';
    expect(failedProbe('web-0', words)).toEqual({
      state: 'degraded',
      reason: 'DiskFull',
      message: `Pod web-0 runs but is not ready: ${words}. Its volume is full: let its storage grow if its type can, or delete data.`,
    });
    expect(failedProbe('web-0', 'Readiness probe failed: timeout')).toMatchObject({
      reason: 'PodNotReady',
      message: 'Pod web-0 runs but is not ready: Readiness probe failed: timeout. Read its logs.',
    });
  });

  it('contains a remedy for a pod that waits for the end of an earlier claim', () => {
    const words = 'create Pod web-0 in StatefulSet web failed error: pvc data-web-0 is being deleted';
    expect(failedCreate(words)).toEqual({
      state: 'progressing',
      reason: 'ClaimTerminating',
      message: `${words}. The pod is created after that. If the claim stays, look at its finalizers and at the pods that use it.`,
    });
  });

  it('contains a remedy for a pod that only cordoned nodes could take', () => {
    const remedyOf = (message: string) =>
      healthOf(
        pod({
          phase: 'Pending',
          conditions: [condition('PodScheduled', 'False', { reason: 'Unschedulable', message })],
        }),
      ).message;
    expect(remedyOf('0/3 nodes are available: 3 node(s) were unschedulable. no new claims')).toContain(
      'Every node is cordoned: uncordon one, or add a node.',
    );
    expect(remedyOf('0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.')).toContain(
      'Uncordon the cordoned nodes, add a node, or choose a smaller class.',
    );
    expect(remedyOf('0/3 nodes are available: 3 Insufficient cpu.')).toMatch(
      /Insufficient cpu\. Add a node or choose a smaller class\.$/,
    );
  });

  it('counts replicas of kinds that have replicas', () => {
    expect(replicasOf(set({ readyReplicas: 1 }))).toEqual({ desired: 2, ready: 1 });
    expect(replicasOf(objectOf('Secret'))).toBeUndefined();
  });

  it('counts the ready replicas with an earlier template', () => {
    const ready = { readyReplicas: 2, replicas: 3, updatedReplicas: 1 };
    expect(replicasOf(deployment(ready))).toEqual({ desired: 2, ready: 2, outdated: 2 });
    expect(replicasOf(deployment({ ...ready, readyReplicas: 1 }))).toEqual({ desired: 2, ready: 1, outdated: 1 });
    expect(replicasOf(deployment({ ...ready, updatedReplicas: 3 }))).toEqual({ desired: 2, ready: 2 });
    expect(replicasOf(deployment({ replicas: 1, updatedReplicas: 1 }))).toEqual({ desired: 2, ready: 0 });
    expect(replicasOf(set({ ...ready, currentRevision: 'a', updateRevision: 'b' }))).toHaveProperty('outdated', 2);
    expect(replicasOf(set({ ...ready, ...same }))).not.toHaveProperty('outdated');
  });

  it('is assessed for any content of status', () => {
    const kinds: [string, string][] = [
      ['Pod', 'v1'],
      ['StatefulSet', 'apps/v1'],
      ['Deployment', 'apps/v1'],
      ['Job', 'batch/v1'],
      ['X', 'x.io/v1'],
    ];
    fc.assert(
      fc.property(fc.constantFrom(...kinds), fc.jsonValue(), fc.jsonValue(), ([kind, version], spec, status) => {
        expect(['ready', 'progressing', 'degraded', 'failed']).toContain(
          healthOf(objectOf(kind, { spec, status }, {}, version)).state,
        );
      }),
    );
  });
});

describe('fewer replicas than desired', () => {
  const scaled = (replicas: number | undefined, readyReplicas: number) =>
    objectOf(
      'StatefulSet',
      { spec: { replicas }, status: { observedGeneration: 1, replicas, readyReplicas } },
      {},
      'apps/v1',
    );
  const judge = (live: number, ready: number, desired?: number) => {
    const { state, reason } = builtInCatalog.healthOf(scaled(live, ready), desired);
    return `${state} ${reason}`;
  };

  it('are judged by those that are ready, whatever the live spec has', () => {
    expect(judge(0, 0, 3)).toBe('failed ScaledDown');
    expect(judge(2, 2, 3)).toBe('degraded ScaledDown');
    expect(judge(2, 3, 3)).toBe('ready Ready');
    expect(judge(0, 0)).toBe('ready Ready');
    expect(builtInCatalog.replicasOf(scaled(1, 1), 3)).toEqual({ desired: 3, ready: 1 });
  });

  it('are none where the rendered object leaves their number to others', () => {
    expect(builtInCatalog.desiredReplicasOf(scaled(undefined, 0))).toBeUndefined();
    expect(builtInCatalog.desiredReplicasOf(scaled(3, 0))).toBe(3);
    expect(builtInCatalog.desiredReplicasOf(objectOf('Secret'))).toBeUndefined();
  });
});
