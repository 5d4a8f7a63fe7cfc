import type { KubeObject } from '@runos/kube-objects';

/** The label by which Kubernetes enforces a Pod Security Standard on the pods of a namespace. */
export const podSecurityLabel = 'pod-security.kubernetes.io/enforce';

/** The label with the Kubernetes version whose edition of the standard counts. Early editions refuse almost nothing. */
export const podSecurityVersionLabel = `${podSecurityLabel}-version`;

/** What a namespace enforces whose bundle names nothing else. The admission policy of the agent demands it. */
const defaultLabels = { [podSecurityLabel]: 'restricted', [podSecurityVersionLabel]: 'latest' };

/** A desired object; a namespace gets the default level unless its service type needs another one. */
export function withPodSecurity(object: KubeObject): KubeObject {
  if (object.kind !== 'Namespace') return object;
  const labels = { ...defaultLabels, ...object.metadata.labels };
  return { ...object, metadata: { ...object.metadata, labels } };
}
