import type { CustomKind } from '@runos/kube-kinds';

/** Allows objects of other namespaces to refer to those of its own. It has no status. */
export const referenceGrantKind: CustomKind = {
  apiVersion: 'gateway.networking.k8s.io/v1beta1',
  kind: 'ReferenceGrant',
  resource: 'referencegrants',
  role: 'referenced',
  immutablePolicy: 'recreate',
  holdsData: false,
  exclusive: [{ path: 'spec.from' }, { path: 'spec.to' }],
  variables: [],
  health: [{ when: 'true', state: 'ready', reason: "'Exists'", message: "''" }],
};
