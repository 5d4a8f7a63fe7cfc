import { describe, expect, it } from '@jest/globals';
import { patchSchema, type PatchSchema, schemaIssues, typeOfKind } from './index.js';

const schema = patchSchema(1) as PatchSchema;

describe('the schema of Kubernetes', () => {
  it('names every field that it does not have, or that has another form', () => {
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'a', labels: { b: 'c', d: 1 } },
      spec: {
        replicas: '3',
        template: {
          spec: {
            containers: [{ name: 'a', imagee: 'x', resources: { limits: { cpu: 1, memory: '1Gi' } } }],
            volumes: {},
            hostNetwork: 'yes',
            nodeSelector: [],
          },
        },
      },
    };
    expect(schemaIssues(deployment, schema, 'Deployment')).toEqual([
      { path: 'metadata.labels.d', message: 'must be a string' },
      { path: 'spec.replicas', message: 'must be an integer' },
      { path: 'spec.template.spec.containers[0].imagee', message: 'Container has no field imagee' },
      { path: 'spec.template.spec.volumes', message: 'must be a list' },
      { path: 'spec.template.spec.hostNetwork', message: 'must be a boolean' },
      { path: 'spec.template.spec.nodeSelector', message: 'must be a map' },
    ]);
  });

  it('has the kinds that are rendered, in their version', () => {
    expect(typeOfKind(schema, 'apps/v1', 'Deployment')).toBe('Deployment');
    expect(typeOfKind(schema, 'apps/v1beta1', 'Deployment')).toBeUndefined();
    expect(typeOfKind(schema, 'x', 'constructor')).toBeUndefined();
    expect(patchSchema(2)).toBeUndefined();
  });
});
