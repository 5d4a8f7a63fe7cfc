import { describe, expect, it } from '@jest/globals';
import { KindCatalog } from '@runos/kube-kinds';
import type { KubeObject } from '@runos/kube-objects';
import { propertySeed } from '@runos/testing-basics';
import fc from 'fast-check';
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
const condition = (type: string, status: string, more: object = {}) => ({
  type,
  status,
  reason: 'R',
  message: 'm',
  ...more,
});

describe('the health of a CloudNativePG cluster', () => {
  it.each([
    ['a cluster that the operator has not observed', cluster({}), 'progressing', 'Creating'],
    [
      'a cluster whose status is about an older spec',
      cluster({
        phase: 'Cluster in healthy state',
        readyInstances: 2,
        conditions: [condition('Ready', 'True', { observedGeneration: 2 })],
      }),
      'progressing',
      'Updating',
    ],
    [
      'a healthy cluster',
      cluster({
        phase: 'Cluster in healthy state',
        readyInstances: 2,
        conditions: [condition('Ready', 'True', { observedGeneration: 3 })],
      }),
      'ready',
      'Ready',
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
      'a cluster without an image',
      cluster({ phase: 'Setting up primary', phaseReason: 'ImagePullBackOff: x:9 cannot be pulled' }),
      'failed',
      'ImagePullBackOff',
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
