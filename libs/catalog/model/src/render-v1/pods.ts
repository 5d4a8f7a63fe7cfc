import type { RenderInput } from '../service-type.js';
import { labelsOf } from './labels.js';
import { storageClassOf, volumeSizeOf } from './resources.js';

/** Security of a pod whose processes run as one unprivileged user. */
export const podSecurity = (uid: number) => ({
  runAsNonRoot: true,
  runAsUser: uid,
  runAsGroup: uid,
  fsGroup: uid,
  fsGroupChangePolicy: 'OnRootMismatch',
  seccompProfile: { type: 'RuntimeDefault' },
});

/** Security of a container that writes to its volumes only. */
export const containerSecurity = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
} as const;

/** Places the pods of a selector on different nodes where possible. */
export const spreadOverNodes = (matchLabels: Readonly<Record<string, string>>) => [
  {
    maxSkew: 1,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels },
  },
];

/** The claim of the volume `data` of each pod. */
export function claimTemplate(input: RenderInput) {
  const storageClassName = storageClassOf(input);
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', labels: labelsOf(input) },
    spec: {
      accessModes: ['ReadWriteOnce'],
      volumeMode: 'Filesystem',
      resources: { requests: { storage: volumeSizeOf(input) } },
      ...(storageClassName === undefined ? {} : { storageClassName }),
    },
  };
}
