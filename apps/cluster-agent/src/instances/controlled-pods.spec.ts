import { describe, expect, it } from '@jest/globals';
import { type CustomKind, KindCatalog } from '@runos/kube-kinds';
import type { KubeObject } from '@runos/kube-objects';
import { gzipSync } from 'node:zlib';
import { ControlledPods } from './controlled-pods.js';
import { ObjectState } from './object-state.js';

const widget: CustomKind = {
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  resource: 'widgets',
  immutablePolicy: 'refuse',
  holdsData: false,
  variables: [],
  replicas: { desired: 'self.spec.replicas', ready: '0' },
  pods: [{ name: 'size', desired: "self.spec.?size.orValue('')", actual: 'self.metadata.annotations.size' }],
  health: [{ when: 'true', state: 'ready', reason: "'Ready'", message: "''" }],
};
const kinds = new KindCatalog([widget]);
const ref = { apiVersion: 'example.com/v1', kind: 'Widget', namespace: 'ns', name: 'a' };

function widgetOf(size: string, replicas = 1, catalog = kinds): ObjectState {
  const state = new ObjectState(ref, 'hash', catalog);
  state.recordObserved({
    ...ref,
    metadata: { name: 'a', namespace: 'ns', resourceVersion: '1' },
    spec: { size, replicas },
  });
  return state;
}

interface PodParts {
  readonly name?: string;
  readonly ready?: string;
  readonly deletionTimestamp?: string;
  readonly owner?: object;
}

const pod = (size: string, { name = 'a-1', ready = 'True', deletionTimestamp, owner }: PodParts = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'ns',
    annotations: { size },
    ownerReferences: [
      { apiVersion: 'example.com/v1', kind: 'Widget', name: 'a', uid: 'u', controller: true, ...owner },
    ],
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
  },
  spec: { containers: [] },
  status: { conditions: [{ type: 'Ready', status: ready }] },
});

describe('an object with pods', () => {
  it('is judged by its status alone before it has had a pod, and where its kind has no rules on pods', () => {
    const pods = new ControlledPods();
    expect(pods.judge(widgetOf('large'), kinds)?.state).toBe('ready');
    pods.recordObserved(pod('small'));
    const { pods: _, ...older } = widget;
    const catalog = new KindCatalog([older]);
    expect(pods.judge(widgetOf('large', 1, catalog), catalog)?.state).toBe('ready');
  });

  it('is not ready until its pods have what it desires, and are ready', () => {
    const pods = new ControlledPods();
    const judged = (size: string) => pods.judge(widgetOf(size), kinds);
    expect(pods.recordObserved(pod('small'))).toBe(true);
    expect(pods.recordObserved(pod('small'))).toBe(false);
    expect(judged('small')?.state).toBe('ready');
    expect(judged('large')).toEqual({
      state: 'progressing',
      reason: 'PodsOutdated',
      message: 'The operator of Widget a has not replaced pod a-1 yet: it has another size.',
    });
    pods.recordObserved(pod('small', { deletionTimestamp: 'now' }));
    expect(judged('large')).toMatchObject({ reason: 'PodsNotReady', message: '0 of 1 pods of Widget a are ready.' });
    pods.recordObserved(pod('large', { ready: 'False' }));
    expect(judged('large')?.reason).toBe('PodsNotReady');
    pods.recordObserved(pod('large'));
    expect(judged('large')?.state).toBe('ready');
  });

  it('needs all of its pods, and none of others', () => {
    const pods = new ControlledPods();
    pods.recordObserved(pod('large'));
    pods.recordObserved(pod('small', { name: 'b-1', owner: { name: 'b' } }));
    expect(pods.recordObserved(pod('small', { name: 'c-1', owner: { apiVersion: 'apps/v1' } }))).toBe(false);
    expect(pods.recordObserved(pod('small', { name: 'd-1', owner: { controller: false } }))).toBe(false);
    expect(pods.judge(widgetOf('large', 2), kinds)?.message).toBe('1 of 2 pods of Widget a are ready.');
    pods.recordObserved(pod('large', { name: 'a-2' }));
    expect(pods.judge(widgetOf('large', 2), kinds)?.state).toBe('ready');
  });

  it('is judged by rules that arrive after its pods', () => {
    const pods = new ControlledPods();
    pods.recordObserved(pod('small'));
    pods.judge(widgetOf('small'), kinds);
    const later = new KindCatalog([{ ...widget, pods: [{ name: 'other', desired: "'x'", actual: "'y'" }] }]);
    expect(pods.judge(widgetOf('small', 1, later), later)?.message).toContain('another other');
  });

  it('compresses its pods only when what rules may read of them changes', () => {
    let compressions = 0;
    const pods = new ControlledPods((json) => {
      compressions += 1;
      return gzipSync(json);
    });
    const observed = ['small', 'small', 'small', 'large', 'large'].map((size) => pods.recordObserved(pod(size)));
    expect(observed).toEqual([true, false, false, true, false]);
    expect(compressions).toBe(2);
    expect(pods.recordObserved(pod('large', { ready: 'False' }))).toBe(true);
    expect(pods.recordObserved(pod('large'))).toBe(true);
    expect(compressions).toBe(2);
    expect(pods.judge(widgetOf('large'), kinds)?.state).toBe('ready');
  });
});
