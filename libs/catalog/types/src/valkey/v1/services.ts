import type { RenderInput } from '@runos/catalog-model';
import { owned } from '@runos/catalog-model/render-v1';
import type { KubeObject } from '@runos/kube-objects';
import { names } from './names.js';
import { selectorOf } from './stateful-set.js';

const port = { name: 'valkey', port: names.port, protocol: 'TCP', targetPort: 'valkey' };

const service = (input: RenderInput, name: string, spec: Readonly<Record<string, unknown>>): KubeObject =>
  owned(input, 'v1', 'Service', name, {
    spec: { type: 'ClusterIP', sessionAffinity: 'None', internalTrafficPolicy: 'Cluster', ports: [port], ...spec },
  });

const podName = (osid: string, ordinal: number) => ({ 'statefulset.kubernetes.io/pod-name': `${osid}-${ordinal}` });

/** The Service `<osid>` selects pod 0, the primary, which accepts writes. `<osid>-ro` selects all pods for reading. */
export function services(input: RenderInput): KubeObject[] {
  const selector = selectorOf(input.osid);
  const all = [
    service(input, input.osid, { selector: { ...selector, ...podName(input.osid, 0) } }),
    service(input, names.members(input.osid), { clusterIP: 'None', publishNotReadyAddresses: true, selector }),
  ];
  return input.replicas > 1 ? [...all, service(input, names.readOnly(input.osid), { selector })] : all;
}
