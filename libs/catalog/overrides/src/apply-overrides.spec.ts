import { describe, expect, it } from '@jest/globals';
import { type KubeObject, mapAt } from '@runos/kube-objects';
import { file, overrides, renderedApp, renderedPostgresql } from '../test/rendered-app.js';
import { applyOverrides, type Rendered } from './index.js';

const apply = (text: string, rendered: Rendered = renderedApp) => applyOverrides(rendered, overrides(file(text)));
const of = (objects: readonly KubeObject[], kind: string) => objects.find((object) => object.kind === kind);
const specOf = (objects: readonly KubeObject[], kind: string) => mapAt(of(objects, kind), 'spec');
const refusal = (text: string, rendered?: Rendered): unknown => {
  try {
    apply(text, rendered);
  } catch (error) {
    return error;
  }
  return undefined;
};
const refused = (path: string, message: string) => ({
  code: 'override.invalid',
  details: { issues: [{ path, message: expect.stringContaining(message) }] },
});

describe('overrides', () => {
  it('patch the main workload, or the object that they name', () => {
    expect(specOf(apply('spec: {replicas: 3}'), 'Deployment')).toMatchObject({ replicas: 3 });
    const several = 'kind: Service\nspec: {sessionAffinity: ClientIP}\n---\n# nothing\n---\nspec: {paused: true}\n';
    const objects = apply(several);
    expect(specOf(objects, 'Service')).toMatchObject({ sessionAffinity: 'ClientIP', ports: [{ port: 80 }] });
    expect(specOf(objects, 'Deployment')).toMatchObject({ paused: true });
    const named = apply('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app-abcde-more}\ndata: {a: b}\n');
    expect(named.filter(({ kind }) => kind === 'ConfigMap').map(({ data }) => data)).toEqual([
      { MODE: 'slow' },
      { a: 'b' },
    ]);
  });

  it('apply in their order, enabled ones only, and change nothing that was rendered', () => {
    const before = JSON.stringify(renderedApp.objects);
    const [first, second] = [file('spec: {replicas: 2}', 'a'), file('spec: {replicas: 3}', 'b')];
    const replicas = (...files: ReturnType<typeof file>[]) =>
      specOf(applyOverrides(renderedApp, overrides(...files)), 'Deployment')['replicas'];
    expect([replicas(first, second), replicas(second, first)]).toEqual([3, 2]);
    expect(replicas(first, { ...second, enabled: false })).toBe(2);
    expect(JSON.stringify(renderedApp.objects)).toBe(before);
  });

  it('merge a custom resource as JSON', () => {
    const objects = apply('spec: {postgresql: {parameters: {jit: "off"}}, storage: null}', renderedPostgresql);
    expect(specOf(objects, 'Cluster')).toEqual({
      instances: 1,
      bootstrap: expect.anything(),
      postgresql: { parameters: { jit: 'off' } },
      inheritedMetadata: expect.anything(),
    });
  });

  it('replace the pods when a ConfigMap changes', () => {
    const annotations = (objects: KubeObject[]) =>
      mapAt(of(objects, 'Deployment'), 'spec', 'template', 'metadata', 'annotations');
    const config = (value: string) =>
      annotations(apply(`kind: ConfigMap\nmetadata: {name: app-abcde-more}\ndata: {a: ${value}}`));
    expect(config('b')).toHaveProperty(['runos.com/overridden-config'], expect.stringMatching(/^[0-9a-f]{64}$/));
    expect(config('b')).not.toEqual(config('c'));
    expect(annotations(apply('spec: {replicas: 2}'))).toEqual({ 'runos.com/environment': '0' });
  });

  it.each([
    ['kind: Ingress', 'data', 'the instance has no Ingress; it has Namespace app-abcde, ServiceAccount'],
    ['kind: Service\nmetadata: {name: other}', 'data', 'the instance has no Service other'],
    ['apiVersion: apps/v2\nkind: Deployment', 'data', 'has no apps/v2 Deployment'],
    ['kind: ConfigMap\ndata: {a: b}', 'data', 'name one of app-abcde-user-env-vars, app-abcde-more in metadata.name'],
    ['kind: Namespace', 'data', 'the namespace of an instance cannot be overridden'],
    ['kind: Secret\nstringData: {a: b}', 'data', 'secrets cannot be overridden'],
    ['kind: ServiceAccount', 'data', 'service accounts cannot be overridden'],
    ['metadata: {name: other}', 'metadata.name', 'cannot be changed'],
    ['metadata: {namespace: kube-system}', 'metadata.namespace', 'cannot be changed'],
    ['metadata: {finalizers: [a]}', 'metadata.finalizers', 'cannot be changed'],
    ['metadata: {ownerReferences: []}', 'metadata.ownerReferences', 'cannot be changed'],
    ['apiVersion: apps/v2', 'apiVersion', 'cannot be changed'],
    [
      'metadata: {labels: {runos.com/osid: app-other}}',
      'metadata.labels["runos.com/osid"]',
      'is a label of the instance',
    ],
    ['metadata: {labels: null}', 'metadata.labels["runos.com/osid"]', 'is a label of the instance'],
    ['$patch: delete', '$patch', 'the object itself cannot be deleted'],
    ['spec: {selector: {matchLabels: {a: b}}}', 'spec.selector', 'cannot be changed'],
    ['kind: Service\nspec: {selector: {a: c}}', 'spec.selector', 'cannot be changed'],
    [
      'spec: {template: {metadata: {labels: {runos.com/osid: null}}}}',
      'spec.template.metadata.labels["runos.com/osid"]',
      'is a label',
    ],
    [
      'spec: {template: {metadata: {annotations: null}}}',
      'spec.template.metadata.annotations["runos.com/environment"]',
      'is an annotation of the platform',
    ],
    ['status: {replicas: 1}', 'status', 'cannot be changed'],
    ['spec: {replica: 1}', 'spec.replica', 'DeploymentSpec has no field replica'],
  ])('are refused for %j', (text, path, message) => {
    expect(refusal(text)).toMatchObject(refused(path, message));
  });

  it('name the override, the document and the object in a refusal', () => {
    expect(refusal('spec: {paused: true}\n---\nspec: {selector: null}')).toMatchObject(
      refused('spec.selector', 'Override "tuned", document 2 (Deployment app-abcde): spec.selector: cannot be changed'),
    );
    expect(refusal('spec: {inheritedMetadata: null}', renderedPostgresql)).toMatchObject(
      refused('spec.inheritedMetadata.labels["runos.com/osid"]', 'is a label of the instance'),
    );
  });

  it('wait for a newer build that has their merge rules', () => {
    const newer = { ...overrides(file('spec: {}')), version: 99 };
    expect(() => applyOverrides(renderedApp, newer)).toThrow(expect.objectContaining({ code: 'unavailable' }));
  });
});
