import type { KubeObject } from '@runos/kube-objects';

/** The label by which Kubernetes enforces a Pod Security Standard on the pods of a namespace. */
export const podSecurityLabel = 'pod-security.kubernetes.io/enforce';

/** The level of a namespace whose bundle names none. The admission policy of the agent demands it. */
const defaultLevel = 'restricted';

/** A desired object; a namespace gets the default level unless its service type needs another one. */
export function withPodSecurity(object: KubeObject): KubeObject {
  if (object.kind !== 'Namespace') return object;
  const labels = { [podSecurityLabel]: defaultLevel, ...object.metadata.labels };
  return { ...object, metadata: { ...object.metadata, labels } };
}
