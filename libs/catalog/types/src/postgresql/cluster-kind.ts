import type { CustomKind } from '@runos/kube-kinds';
import { annotationValue } from './annotation-value.js';
import { podFields } from './pod-fields.js';

/** The phase in which live state matches the spec. */
const healthyPhase = 'Cluster in healthy state';

/** Phases that the operator does not leave without help, with reason and remedy. */
const finalPhases: readonly (readonly [pattern: string, reason: string, remedy: string])[] = [
  ['[Dd]isk space', 'DiskFull', 'Let its storage grow.'],
  ['[Uu]nrecoverable', 'Unrecoverable', 'Restore it from a backup.'],
  ['[Uu]nable to create required', 'CannotCreateObjects', 'Look at the events of its namespace.'],
  [
    '[Ii]mage catalog|[Ii]nvalid.*image|[Ii]mage.*([Nn]ot found|[Ii]nvalid|[Pp]ull)',
    'ImageUnavailable',
    'Check the version and the registry.',
  ],
  ['[Cc]annot proceed|[Ii]ncomplete|[Ff]ailed|[Ee]rror', 'OperatorStopped', 'Look at the events of its namespace.'],
];

const notReady =
  "string(variables.up) + ' of ' + string(variables.of) + ' PostgreSQL instances are ready. ' + variables.why";

/**
 * What decides the configuration, the accounts and the data of the databases. The operator writes parameters and other
 * defaults itself where its webhooks are disabled; `manager` is the name of its program and of its field manager.
 */
const exclusive = [
  'spec.backup',
  'spec.bootstrap.pg_basebackup',
  'spec.bootstrap.recovery',
  'spec.certificates.clientCASecret',
  'spec.certificates.replicationTLSSecret',
  'spec.certificates.serverCASecret',
  'spec.certificates.serverTLSSecret',
  'spec.env',
  'spec.envFrom',
  'spec.externalClusters',
  'spec.imageCatalogRef',
  'spec.managed',
  'spec.plugins',
  'spec.postgresql.enableAlterSystem',
  'spec.postgresql.extensions',
  'spec.postgresql.ldap',
  'spec.postgresql.parameters[]',
  'spec.postgresql.pg_hba',
  'spec.postgresql.pg_ident',
  'spec.postgresql.shared_preload_libraries',
  'spec.postgresql.synchronous',
  'spec.projectedVolumeTemplate',
  'spec.replica',
  'spec.serviceAccountTemplate',
  'spec.storage.pvcTemplate',
  'spec.superuserSecret',
  'spec.tablespaces',
  'spec.walStorage',
].map((path) => ({ path, writers: ['manager'] }));

/** A patch of each pod that the operator makes, and the end of its validation. It sets neither itself. */
const exclusiveAnnotations = [{ name: 'cnpg.io/podPatch' }, { name: 'cnpg.io/validation' }];

/** CloudNativePG's `Cluster`: health from its phase, its Ready condition, its count of ready instances, and its pods. */
export const clusterKind: CustomKind = {
  apiVersion: 'postgresql.cnpg.io/v1',
  kind: 'Cluster',
  resource: 'clusters',
  immutablePolicy: 'refuse',
  holdsData: true,
  exclusive,
  exclusiveAnnotations,
  variables: [
    // At most 500 characters: the patterns below take quadratic time.
    { name: 'phase', expression: "self.?status.?phase.orValue('').find('^.{0,500}')" },
    { name: 'phaseReason', expression: "self.?status.?phaseReason.orValue('').find('^.{0,500}')" },
    { name: 'fenced', expression: `${annotationValue('cnpg.io/fencedInstances')}.find('^.{0,500}')` },
    { name: 'ready', expression: "self.?status.?conditions.orValue([]).filter(c, c.type == 'Ready')" },
    { name: 'of', expression: 'int(self.?spec.?instances.orValue(1))' },
    { name: 'up', expression: 'int(self.?status.?readyInstances.orValue(0))' },
    {
      name: 'why',
      expression:
        "sentence(variables.phaseReason == '' ? variables.phase : variables.phase + ': ' + variables.phaseReason)",
    },
  ],
  replicas: { desired: 'variables.of', ready: 'variables.up' },
  // Its webhook refuses every smaller size, also one that no volume has exceeded yet.
  claims: {
    prefix: "self.metadata.name + '-'",
    storage: 'self.spec.storage.size',
    shrinkAnnotations: { 'cnpg.io/validation': 'disabled' },
  },
  pods: podFields,
  health: [
    {
      when: "variables.phase == ''",
      state: 'progressing',
      reason: "'Creating'",
      message: "'The PostgreSQL operator has not observed the cluster yet.'",
    },
    // People set both, by kubectl or its plugin, and the operator then stops PostgreSQL without an error.
    {
      when: `${annotationValue('cnpg.io/hibernation')} == 'on'`,
      state: 'failed',
      reason: "'Hibernated'",
      message: "'The annotation cnpg.io/hibernation stops all instances. Remove it to start them again.'",
    },
    {
      when: "!(variables.fenced in ['', '[]'])",
      state: 'degraded',
      reason: "'Fenced'",
      message:
        "'The annotation cnpg.io/fencedInstances stops PostgreSQL in ' + variables.fenced + '. Remove it to start it again.'",
    },
    ...finalPhases.map(([pattern, reason, remedy]) => ({
      when: `variables.phase.matches('${pattern}')`,
      state: 'failed' as const,
      reason: `'${reason}'`,
      message: `variables.why + ' ${remedy}'`,
    })),
    // The phase is that from before until the operator acts, so that more instances than desired show what it has not done.
    {
      when: `variables.phase == '${healthyPhase}' && variables.up > variables.of`,
      state: 'progressing',
      reason: "'ScalingDown'",
      message:
        "string(variables.up) + ' PostgreSQL instances are ready, and ' + string(variables.of) + ' desired: the operator removes the others.'",
    },
    {
      when: `variables.phase == '${healthyPhase}' && variables.up == variables.of && !variables.ready.exists(c, c.status == 'False')`,
      state: 'ready',
      reason: "'Ready'",
      message: "''",
    },
    {
      when: `variables.phase == '${healthyPhase}' && variables.up > 0`,
      state: 'degraded',
      reason: "'InstancesNotReady'",
      message: `${notReady} + ' Look at the pods of its namespace.'`,
    },
    {
      when: 'true',
      state: 'progressing',
      reason:
        "variables.ready.exists(c, c.status == 'False' && has(c.reason) && c.reason != '') ? variables.ready[0].reason : 'InstancesNotReady'",
      message: notReady,
    },
  ],
};
