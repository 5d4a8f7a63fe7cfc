import { groupOf, type ObjectRef } from './kube-object.js';

/**
 * What to do when a desired change touches an immutable field.
 * recreate: delete by uid and apply again; orphan: the same, but its dependents are kept and adopted;
 * expand: apply only growth of the storage request; refuse: change nothing and report it.
 */
export type ImmutablePolicy = 'recreate' | 'orphan' | 'expand' | 'refuse';

/** Kinds without data of their own. Other kinds are refused, because recreating them could lose data. */
const policies: Readonly<Record<string, ImmutablePolicy>> = {
  'apps/Deployment': 'recreate',
  'apps/DaemonSet': 'recreate',
  'apps/StatefulSet': 'orphan',
  'batch/Job': 'recreate',
  'batch/CronJob': 'recreate',
  '/Service': 'recreate',
  '/Secret': 'recreate',
  '/ConfigMap': 'recreate',
  '/PersistentVolumeClaim': 'expand',
  'rbac.authorization.k8s.io/RoleBinding': 'recreate',
  'rbac.authorization.k8s.io/ClusterRoleBinding': 'recreate',
  'policy/PodDisruptionBudget': 'recreate',
};

export const immutablePolicy = (ref: ObjectRef): ImmutablePolicy =>
  policies[`${groupOf(ref.apiVersion)}/${ref.kind}`] ?? 'refuse';

/** Kinds whose deletion loses data. Recreating one of them is reported as data loss. */
const dataKinds: ReadonlySet<string> = new Set(['/Namespace', '/PersistentVolumeClaim', 'postgresql.cnpg.io/Cluster']);

export const holdsData = (ref: ObjectRef): boolean => dataKinds.has(`${groupOf(ref.apiVersion)}/${ref.kind}`);
