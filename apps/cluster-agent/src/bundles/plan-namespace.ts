import type { KubeObject } from '@runos/kube-objects';

/**
 * The namespace in which an agent of this namespace tries the objects of instances that do not exist yet. The API server
 * refuses a dry run in a namespace that is missing. The admission policy allows the agent nothing but dry runs there.
 */
export const planNamespaceOf = (agentNamespace: string): string => `${agentNamespace}-plan`;

/** The object in that namespace; a cluster-scoped one as it is. */
export const movedTo = (namespace: string, object: KubeObject): KubeObject =>
  object.metadata.namespace === undefined ? object : { ...object, metadata: { ...object.metadata, namespace } };
