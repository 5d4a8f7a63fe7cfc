import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from './kube-object.js';
import { decidesPods, restartsPods } from './restarts-pods.js';

const object = (apiVersion: string, kind: string, content: object): KubeObject =>
  ({ apiVersion, kind, metadata: { name: 'x', namespace: 'x' }, ...content }) as KubeObject;
const statefulSet = (replicas: number, image: string) =>
  object('apps/v1', 'StatefulSet', { spec: { replicas, template: { spec: { containers: [{ image }] } } } });
const cluster = (imageName: string) => object('postgresql.cnpg.io/v1', 'Cluster', { spec: { imageName } });
const configMap = (value: string) => object('v1', 'ConfigMap', { data: { value } });
const policy = (port: number) => object('networking.k8s.io/v1', 'NetworkPolicy', { spec: { port } });

describe('a new rendering restarts pods', () => {
  it('when a pod template changes, and not for another number of replicas', () => {
    expect(restartsPods([statefulSet(1, 'a')], [statefulSet(1, 'b')])).toBe(true);
    expect(restartsPods([statefulSet(1, 'a')], [statefulSet(2, 'a')])).toBe(false);
  });

  it('when the spec of a custom resource changes', () => {
    expect(restartsPods([cluster('a')], [cluster('b')])).toBe(true);
    expect(restartsPods([cluster('a')], [cluster('a')])).toBe(false);
  });

  it('when the annotations of a custom resource change, such as the time of a restart', () => {
    const annotated = (restartedAt: string): KubeObject => ({
      ...cluster('a'),
      metadata: { name: 'x', namespace: 'x', annotations: { 'kubectl.kubernetes.io/restartedAt': restartedAt } },
    });
    expect(restartsPods([cluster('a')], [annotated('1')])).toBe(true);
    expect(restartsPods([annotated('1')], [annotated('2')])).toBe(true);
    expect(restartsPods([annotated('1')], [annotated('1')])).toBe(false);
  });

  it('not when other objects change', () => {
    const before = [statefulSet(1, 'a'), configMap('a'), policy(1)];
    expect(restartsPods(before, [statefulSet(1, 'a'), configMap('b'), policy(2)])).toBe(false);
  });

  it('when a workload is new', () => {
    expect(restartsPods([], [statefulSet(1, 'a')])).toBe(true);
  });
});

describe('a field decides pods', () => {
  it('in a pod template, and in the spec and the annotations of a custom resource', () => {
    const template = ['f:spec', 'f:template', 'f:spec', 'f:containers'];
    const annotation = ['f:metadata', 'f:annotations', 'f:example.com/x'];
    expect(decidesPods(statefulSet(1, 'a'), template)).toBe(true);
    expect(decidesPods(statefulSet(1, 'a'), ['f:spec', 'f:replicas'])).toBe(false);
    expect(decidesPods(statefulSet(1, 'a'), annotation)).toBe(false);
    expect(decidesPods(cluster('a'), ['f:spec', 'f:imageName'])).toBe(true);
    expect(decidesPods(cluster('a'), annotation)).toBe(true);
    expect(decidesPods(configMap('a'), ['f:spec', 'f:template'])).toBe(false);
  });
});
