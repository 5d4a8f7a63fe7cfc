import { compileExclusive, type KubeObject, mapAt, mapsIn, numberOf, parseQuantity } from '@runos/kube-objects';
import { exclusiveFields } from './exclusive-fields.js';
import { ready } from './health.js';
import type { ClaimTemplate, ImmutablePolicy, Kind, KindRole, Replicas } from './kind.js';
import { claimHealth, customHealth, namespaceHealth, serviceHealth } from './other-health.js';
import { podHealth } from './pod-health.js';
import { daemonSetHealth, deploymentHealth, jobHealth, statefulSetHealth } from './workload-health.js';

/**
 * The controllers of Deployments and StatefulSets count the pods of the newest template. Those of earlier templates are
 * the rest: a controller deletes the ones that are not ready first.
 */
function podCount(object: KubeObject): Replicas {
  const { replicas, readyReplicas, updatedReplicas, updateRevision, currentRevision } = mapAt(object, 'status');
  const ready = numberOf(readyReplicas) ?? 0;
  const isComplete = object.kind === 'StatefulSet' && updateRevision === currentRevision;
  const earlier = isComplete ? 0 : (numberOf(replicas) ?? 0) - (numberOf(updatedReplicas) ?? 0);
  const outdated = Math.min(ready, Math.max(0, earlier));
  return {
    desired: numberOf(mapAt(object, 'spec')['replicas']) ?? 1,
    ready,
    ...(outdated === 0 ? {} : { outdated }),
  };
}

const scaled = {
  replicas: podCount,
  desiredReplicas: (object: KubeObject) => numberOf(mapAt(object, 'spec')['replicas']),
};

/** The controller of StatefulSets names the claims of a template `<template>-<StatefulSet>-<ordinal>`. */
function claimTemplates({ metadata, ...object }: KubeObject): ClaimTemplate[] {
  return mapsIn(mapAt(object, 'spec')['volumeClaimTemplates']).flatMap((template) => {
    const storage = parseQuantity(mapAt(template, 'spec', 'resources', 'requests')['storage']);
    const name = mapAt(template, 'metadata')['name'];
    return storage === undefined ? [] : [{ prefix: `${String(name)}-${metadata.name}-`, storage }];
  });
}

const kind = (
  apiVersion: string,
  name: string,
  resource: string,
  role: KindRole,
  immutablePolicy: ImmutablePolicy,
  more: Partial<Pick<Kind, 'health' | 'replicas' | 'desiredReplicas' | 'claims' | 'holdsData'>> = {},
): Kind => ({
  apiVersion,
  kind: name,
  resource,
  role,
  immutablePolicy,
  holdsData: false,
  exclusive: compileExclusive(exclusiveFields[name] ?? []),
  health: customHealth,
  ...more,
});

const rbac = 'rbac.authorization.k8s.io/v1';

/** Exists, or does not: these kinds have no status. */
const exists = { health: () => ready('Exists') };

/** The kinds of Kubernetes itself. Kinds whose recreation could lose data are refused. */
export const namespaceKind = kind('v1', 'Namespace', 'namespaces', 'namespace', 'refuse', {
  health: namespaceHealth,
  holdsData: true,
});
export const secretKind = kind('v1', 'Secret', 'secrets', 'referenced', 'recreate', exists);
export const configMapKind = kind('v1', 'ConfigMap', 'configmaps', 'referenced', 'recreate', exists);
export const serviceKind = kind('v1', 'Service', 'services', 'other', 'recreate', { health: serviceHealth });
export const claimKind = kind('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims', 'claim', 'expand', {
  health: claimHealth,
  holdsData: true,
});
export const podKind = kind('v1', 'Pod', 'pods', 'workload', 'refuse', { health: podHealth });
export const deploymentKind = kind('apps/v1', 'Deployment', 'deployments', 'workload', 'recreate', {
  health: deploymentHealth,
  ...scaled,
});
export const statefulSetKind = kind('apps/v1', 'StatefulSet', 'statefulsets', 'workload', 'orphan', {
  health: statefulSetHealth,
  ...scaled,
  claims: claimTemplates,
});

export const daemonSetKind = kind('apps/v1', 'DaemonSet', 'daemonsets', 'workload', 'recreate', {
  health: daemonSetHealth,
});
export const jobKind = kind('batch/v1', 'Job', 'jobs', 'workload', 'recreate', { health: jobHealth });
export const cronJobKind = kind('batch/v1', 'CronJob', 'cronjobs', 'workload', 'recreate');
export const serviceAccountKind = kind('v1', 'ServiceAccount', 'serviceaccounts', 'referenced', 'refuse', exists);
export const resourceQuotaKind = kind('v1', 'ResourceQuota', 'resourcequotas', 'referenced', 'refuse', exists);
export const limitRangeKind = kind('v1', 'LimitRange', 'limitranges', 'referenced', 'refuse', exists);
export const roleKind = kind(rbac, 'Role', 'roles', 'referenced', 'refuse', exists);
export const roleBindingKind = kind(rbac, 'RoleBinding', 'rolebindings', 'referenced', 'recreate', exists);
export const clusterRoleKind = kind(rbac, 'ClusterRole', 'clusterroles', 'referenced', 'refuse', exists);
export const clusterRoleBindingKind = kind(
  rbac,
  'ClusterRoleBinding',
  'clusterrolebindings',
  'referenced',
  'recreate',
  exists,
);
export const networkPolicyKind = kind(
  'networking.k8s.io/v1',
  'NetworkPolicy',
  'networkpolicies',
  'referenced',
  'refuse',
  exists,
);
export const podDisruptionBudgetKind = kind(
  'policy/v1',
  'PodDisruptionBudget',
  'poddisruptionbudgets',
  'other',
  'recreate',
);

export const builtInKinds: readonly Kind[] = [
  namespaceKind,
  secretKind,
  configMapKind,
  serviceKind,
  claimKind,
  podKind,
  deploymentKind,
  statefulSetKind,
  daemonSetKind,
  jobKind,
  cronJobKind,
  serviceAccountKind,
  resourceQuotaKind,
  limitRangeKind,
  roleKind,
  roleBindingKind,
  clusterRoleKind,
  clusterRoleBindingKind,
  networkPolicyKind,
  podDisruptionBudgetKind,
];
