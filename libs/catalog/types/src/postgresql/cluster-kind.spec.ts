import { describe, expect, it } from '@jest/globals';
import { CustomKind, KindCatalog, outdatedFields, packKinds, unpackKinds } from '@runos/kube-kinds';
import type { KubeObject } from '@runos/kube-objects';
import { propertySeed } from '@runos/testing-basics';
import fc from 'fast-check';
import { z } from 'zod';
import { kindCatalog } from '../index.js';
import { clusterKind } from './cluster-kind.js';

fc.configureGlobal({ seed: propertySeed() });

const catalog = kindCatalog('postgresql');
const cluster = (status: object, generation = 3): KubeObject => ({
  apiVersion: 'postgresql.cnpg.io/v1',
  kind: 'Cluster',
  metadata: { name: 'postgresql-3f9k2', namespace: 'postgresql-3f9k2', generation },
  spec: { instances: 2 },
  status,
});
const condition = (type: string, status: string) => ({ type, status, reason: 'R', message: 'm' });

describe('the health of a CloudNativePG cluster', () => {
  it.each([
    ['a cluster that the operator has not observed', cluster({}), 'progressing', 'Creating'],
    [
      'a healthy cluster',
      cluster({
        phase: 'Cluster in healthy state',
        readyInstances: 2,
        conditions: [condition('Ready', 'True')],
      }),
      'ready',
      'Ready',
    ],
    [
      'a cluster with more instances than it needs, which its operator has not removed yet',
      cluster({ phase: 'Cluster in healthy state', readyInstances: 3, conditions: [condition('Ready', 'True')] }),
      'progressing',
      'ScalingDown',
    ],
    [
      'a cluster that lacks an instance',
      cluster({ phase: 'Cluster in healthy state', readyInstances: 1 }),
      'degraded',
      'InstancesNotReady',
    ],
    [
      'a cluster on its way',
      cluster({ phase: 'Setting up primary', readyInstances: 0 }),
      'progressing',
      'InstancesNotReady',
    ],
    [
      'a cluster whose instances have all stopped, which its operator still calls healthy',
      cluster({ phase: 'Cluster in healthy state', conditions: [condition('Ready', 'True')] }),
      'progressing',
      'InstancesNotReady',
    ],
    [
      'a cluster beyond help',
      cluster({ phase: 'Cluster is unrecoverable and needs manual intervention' }),
      'failed',
      'Unrecoverable',
    ],
  ])('of %s', (_, object, state, reason) => {
    const seen = catalog.healthOf(object);
    expect(seen).toMatchObject({ state, reason });
    if (seen.state === 'ready') expect(seen.message).toBe('');
    else expect(seen.message).toMatch(/\.$/);
  });

  it('quotes the operator and names the remedy', () => {
    expect(catalog.healthOf(cluster({ phase: 'Not enough disk space' }))).toMatchObject({
      state: 'failed',
      reason: 'DiskFull',
      message: 'Not enough disk space. Let its storage grow.',
    });
    expect(catalog.healthOf(cluster({ phase: 'Setting up primary', readyInstances: 1 })).message).toBe(
      '1 of 2 PostgreSQL instances are ready. Setting up primary.',
    );
  });

  it.each([
    ['cnpg.io/hibernation', 'on', 'failed', 'Hibernated', 'stops all instances'],
    ['cnpg.io/fencedInstances', '["*"]', 'degraded', 'Fenced', 'stops PostgreSQL in ["*"]'],
  ])('names the annotation %s, by which people stop it', (name, value, state, reason, words) => {
    const healthy = cluster({
      phase: 'Cluster in healthy state',
      readyInstances: 2,
      conditions: [condition('Ready', 'True')],
    });
    const annotated = (text: string) =>
      catalog.healthOf({ ...healthy, metadata: { ...healthy.metadata, annotations: { [name]: text } } });
    expect(annotated(value)).toMatchObject({ state, reason, message: expect.stringContaining(words) });
    for (const none of ['', name === 'cnpg.io/hibernation' ? 'off' : '[]'])
      expect(annotated(none)).toMatchObject({ state: 'ready' });
  });

  it('counts instances, and is never recreated', () => {
    expect(catalog.replicasOf(cluster({}))).toEqual({ desired: 2, ready: 0 });
    expect(catalog.replicasOf(cluster({ readyInstances: 1 }))).toEqual({ desired: 2, ready: 1 });
    expect(catalog.kindOf(cluster({}))).toMatchObject({ holdsData: true, immutablePolicy: 'refuse', role: 'workload' });
  });

  it('is evaluated for any content, and its rules decide without a fallback', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (spec, status) => {
        const { state } = catalog.healthOf({ ...cluster({}), spec, status });
        expect(['ready', 'progressing', 'degraded', 'failed']).toContain(state);
      }),
    );
    expect(clusterKind.health.at(-1)?.when).toBe('true');
  });

  it('has expressions that compile', () => {
    expect(() => new KindCatalog([clusterKind])).not.toThrow();
  });
});

describe('the pods of a CloudNativePG cluster', () => {
  const restart = 'kubectl.kubernetes.io/restartedAt';
  const at = '2026-11-30T05:00:00.000Z';
  const resources = { limits: { cpu: '1400m', memory: '2Gi' }, requests: { cpu: '1000m', memory: '2048Mi' } };
  const changed = (annotations?: Record<string, string>): KubeObject => ({
    ...cluster({}),
    metadata: { name: 'a', annotations },
    spec: { instances: 1, imageName: 'postgresql:17.10', resources },
  });
  const container = (image: string, more: object = resources) => ({ name: 'postgres', image, resources: more });
  const pod = (annotations: Record<string, string>, containers: readonly object[]): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a-1', annotations },
    spec: { containers },
  });
  const outdated = (object: KubeObject, live: KubeObject) =>
    outdatedFields(catalog.observe(object).podValues, catalog.actualPodValues(object, live));

  it('are outdated until they have its time of restart, its image and its resources', () => {
    const small = { limits: { cpu: '1', memory: '2Gi' }, requests: { cpu: '1', memory: '2Gi' } };
    const live = pod({}, [{ name: 'sidecar' }, container('postgresql:17.9', small)]);
    expect(outdated(changed({ [restart]: at }), live)).toEqual(['time of restart', 'image', 'cpu limit']);
    expect(outdated(changed({ [restart]: at }), pod({ [restart]: at }, [container('postgresql:17.10')]))).toEqual([]);
  });

  it('have what the operator made of them, also where admission changed it', () => {
    const made = JSON.stringify({ containers: [container('postgresql:17.10')] });
    expect(outdated(changed(), pod({ 'cnpg.io/podSpec': made }, [container('mirror/postgresql:17.10', {})]))).toEqual(
      [],
    );
  });

  it('may have any value that the cluster does not name, such as an earlier restart', () => {
    expect(outdated(cluster({}), pod({ [restart]: at }, [container('any')]))).toEqual([]);
  });

  it('are outdated where they cannot be read', () => {
    expect(outdated(changed(), pod({ 'cnpg.io/podSpec': '{' }, []))).toContain('image');
  });

  it('are ignored by older agents, whose other rules stay, and are unknown in older kinds', () => {
    const older = z.array(CustomKind.omit({ pods: true, exclusiveAnnotations: true }));
    const { pods: _, exclusiveAnnotations: __, ...known } = clusterKind;
    expect(older.parse([clusterKind])).toEqual([known]);
    const newer = new KindCatalog(unpackKinds(packKinds([known])));
    expect(newer.observe(changed({ [restart]: at })).podValues).toEqual({});
  });
});
