import { groupOf, type ObjectRef } from './object-ref.js';

/**
 * What to do when a wanted change touches a field that Kubernetes never changes.
 * recreate: delete by uid and apply again; orphan: the same, but what it owns lives on and is adopted again;
 * expand: only growth of the storage request is carried over; refuse: nothing, a person decides.
 */
export type ImmutablePolicy = 'recreate' | 'orphan' | 'expand' | 'refuse';

/** Kinds without data of their own. What is missing here is refused: never lose data to save a deploy. */
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

/** Kinds that hold data: when one of them was deleted and is made again, its data is gone and somebody must be told. */
const holders: ReadonlySet<string> = new Set(['/Namespace', '/PersistentVolumeClaim', 'postgresql.cnpg.io/Cluster']);

export const holdsData = (ref: ObjectRef): boolean => holders.has(`${groupOf(ref.apiVersion)}/${ref.kind}`);
