import type { KubeObject } from '@runos/kube-objects';

/** The label by which Kubernetes enforces a Pod Security Standard on the pods of a namespace. */
export const podSecurityLabel = 'pod-security.kubernetes.io/enforce';

/** The level of a namespace whose bundle names none. The admission policy of the agent demands it. */
const defaultLevel = 'restricted';

/** True for a live namespace of an agent that did not set the level yet. */
export const lacksPodSecurity = ({ kind, metadata }: KubeObject): boolean =>
  kind === 'Namespace' && metadata.labels?.[podSecurityLabel] === undefined;

/** A desired object; a namespace gets the default level unless its service type needs another one. */
export const withPodSecurity = (object: KubeObject): KubeObject =>
  lacksPodSecurity(object)
    ? {
        ...object,
        metadata: { ...object.metadata, labels: { ...object.metadata.labels, [podSecurityLabel]: defaultLevel } },
      }
    : object;
