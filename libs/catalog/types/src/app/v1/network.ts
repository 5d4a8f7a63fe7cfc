import { labelsOf, namespaceOf, owned } from '@runos/catalog-model/render-v1';
import type { KubeObject } from '@runos/kube-objects';
import type { AppInput } from '../app-input.js';
import { selectorOf } from './deployment.js';
import { names } from './names.js';

/** The Service of the mapped ports; an app without ports has none. */
export function services(input: AppInput): KubeObject[] {
  const { osid, app } = input;
  if (app.servicePortMappings.length === 0) return [];
  const ports = app.servicePortMappings.map(({ port }) => ({
    name: names.port(port),
    port,
    protocol: 'TCP',
    targetPort: port,
  }));
  const spec = { type: 'ClusterIP', sessionAffinity: 'None', internalTrafficPolicy: 'Cluster', ports };
  return [owned(input, 'v1', 'Service', osid, { spec: { ...spec, selector: selectorOf(osid) } })];
}

/** The label by which a namespace shows that its app requires an instance. */
const requiresLabel = (osid: string): string => `runos.com/requires.${osid}`;

/** The namespace of an app, with a label per instance that it requires. */
export function namespace(input: AppInput): KubeObject {
  const object = namespaceOf(input);
  const links = Object.values(input.requires ?? {}).map((osid) => [requiresLabel(osid), 'true'] as const);
  const labels: Record<string, string> = { ...labelsOf(input), ...Object.fromEntries<string>(links) };
  return { ...object, metadata: { ...object.metadata, labels } };
}

/** Closes the app to other namespaces but those of apps that require it. */
export function networkPolicy(input: AppInput): KubeObject {
  const dependents = { namespaceSelector: { matchLabels: { [requiresLabel(input.osid)]: 'true' } } };
  return owned(input, 'networking.k8s.io/v1', 'NetworkPolicy', input.osid, {
    spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: {} }, dependents] }] },
  });
}
