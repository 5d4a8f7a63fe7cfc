import type { Issue } from '@runos/kernel';
import { type KubeObject, mapAt } from '@runos/kube-objects';
import { numberRanges } from '@runos/sizing';

/** The fields of `spec` with the replicas: of Deployments and StatefulSets, and of custom resources of databases. */
export const replicaFields = ['replicas', 'instances'] as const;

/** The issues of a workload with a number of replicas that no size may have. A field that is absent is one replica. */
export const replicaIssues = (workload: KubeObject): Issue[] =>
  replicaFields.flatMap((field) => {
    const value = mapAt(workload, 'spec')[field];
    const { min, max, unit } = numberRanges.replicas;
    if (value === undefined || (Number.isInteger(value) && Number(value) >= min && Number(value) <= max)) return [];
    const message = `is ${JSON.stringify(value)}; it must be a whole number of ${unit} from ${min} to ${max}`;
    return [{ path: `spec.${field}`, message }];
  });
