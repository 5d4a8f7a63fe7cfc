import type { CreationField } from '@runos/kube-kinds';
import { clusterKind } from './cluster-kind.js';

const { apiVersion, kind } = clusterKind;

/** https://cloudnative-pg.io/documentation/current/bootstrap: "This section is only used at creation time". */
export const creationFields: readonly CreationField[] = [
  {
    apiVersion,
    kind,
    path: ['spec', 'bootstrap'],
    reason: 'CloudNativePG reads it only when it creates the databases; change them with SQL',
  },
];
