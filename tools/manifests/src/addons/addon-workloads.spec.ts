import { describe, expect, it } from '@jest/globals';
import { addon } from '@runos/addons';
import type { KubeObject } from '@runos/kube-objects';
import { addonWorkloads } from './addon-workloads.js';

const deployment = (tag: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace: 'widgets', name: 'operator' },
  spec: {
    template: {
      spec: {
        serviceAccountName: 'manager',
        initContainers: [{ name: 'init', image: `registry:5000/widgets/init@sha256:${'a'.repeat(64)}` }],
        containers: [
          {
            name: 'operator',
            image: `ghcr.io/widgets/operator:${tag}`,
            imagePullPolicy: 'Always',
            resources: { limits: { memory: '1Gi' } },
            env: [
              { name: 'IMAGE', value: `ghcr.io/widgets/operator:${tag}` },
              { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
            ],
            livenessProbe: { tcpSocket: { port: 1 } },
            readinessProbe: { httpGet: { port: 1 } },
          },
        ],
        volumes: [{ name: 'data', configMap: { name: 'data' } }],
      },
    },
  },
});
const service: KubeObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'widgets', name: 'webhook' },
  spec: { ports: [{ port: 443 }], selector: { app: 'operator' } },
};
const linesOf = (earlier: readonly KubeObject[]): string =>
  addonWorkloads([{ addon: addon('cloudnative-pg'), objects: [deployment('2.0.0'), service], earlier }])
    .map((line) => line.trim())
    .join(' ');

describe('the workloads of add-ons', () => {
  it('name each image in any registry, also where a variable names it', () => {
    const lines = linesOf([]);
    expect(lines).toContain(`'image': dyn(registry + '/widgets/operator:2.0.0')`);
    expect(lines).toContain(`'value': registry + '/widgets/operator:2.0.0'`);
    expect(lines).toContain(`'image': registry + '/widgets/init@sha256:${'a'.repeat(64)}'`);
    expect(lines).not.toMatch(/ghcr|5000/);
  });

  it('contain what the API server adds, and not what administrators may change', () => {
    const lines = linesOf([]);
    expect(lines).toContain(`'serviceAccount': dyn('manager')`);
    expect(lines).toContain(`'fieldRef': dyn({'apiVersion': 'v1', 'fieldPath': 'spec.nodeName'})`);
    expect(lines).toContain(`'httpGet': dyn({'path': dyn('/'), 'scheme': dyn('HTTP'), 'port': dyn(1)})`);
    expect(lines).toContain(`dyn({'defaultMode': dyn(420), 'name': dyn('data')})`);
    expect(lines).toContain(`'ports': dyn([dyn({'protocol': dyn('TCP'), 'port': dyn(443)})])`);
    expect(lines).not.toMatch(/memory|PullPolicy/);
  });

  it('contain earlier versions, and each content once', () => {
    const lines = linesOf([deployment('1.0.0'), deployment('2.0.0'), service]);
    expect(lines.match(/operator:1\.0\.0/g)).toHaveLength(2);
    expect(lines.match(/operator:2\.0\.0/g)).toHaveLength(2);
    expect(lines.match(/'selector'/g)).toHaveLength(1);
  });
});
