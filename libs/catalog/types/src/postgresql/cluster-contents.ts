import type { CustomContents } from '@runos/catalog-model';

/** What a `Cluster` may contain: CloudNativePG makes pods, claims, Services and ServiceAccounts of it. */
export const clusterContents: CustomContents = {
  kind: 'Cluster',
  variables: [
    // What the operator copies to all that it creates, ServiceAccounts included.
    {
      name: 'inherited',
      expression: 'variables.specs.map(spec, has(spec.inheritedMetadata) ? spec.inheritedMetadata : dyn({}))',
    },
  ],
  // They have a class of their own beside their templates.
  storages: `
    (has(spec.storage) ? [spec.storage] : []) + (has(spec.walStorage) ? [spec.walStorage] : []) +
    (has(spec.tablespaces) ? spec.tablespaces.map(tablespace, tablespace.storage) : [])`,
  rules: [
    {
      expression: `
        (!has(variables.spec.managed) || !has(variables.spec.managed.services)) &&
        !has(variables.spec.serviceAccountTemplate) && !has(variables.spec.externalClusters) && !has(variables.spec.plugins)`,
      message: 'a PostgreSQL cluster must have no own services, service accounts, external clusters or plugins',
    },
    // The operator patches pods by an annotation, and skips its own validation by another. The agent sets that one for
    // one write, because the webhook of the operator accepts no smaller storage.
    {
      expression: `
        variables.annotations[0].all(name,
        name.startsWith('runos.com/') || name == 'kubectl.kubernetes.io/restartedAt' ||
        (name in variables.annotations[1] && variables.annotations[1][name] == variables.annotations[0][name]) ||
        (name == 'cnpg.io/validation' && request.operation == 'UPDATE' &&
        quantity(object.spec.storage.size).isLessThan(quantity(oldObject.spec.storage.size))))`,
      message: 'a PostgreSQL cluster must have no annotations for its operator',
    },
    {
      expression: `
        ['annotations', 'labels'].all(field,
        !(field in variables.inherited[0]) || variables.inherited[0][field].all(name,
        (field == 'labels' && (name.startsWith('runos.com/') || name == 'app.kubernetes.io/managed-by')) ||
        (field in variables.inherited[1] && name in variables.inherited[1][field] &&
        variables.inherited[1][field][name] == variables.inherited[0][field][name])))`,
      message: 'a PostgreSQL cluster must give its objects no annotations, and only the labels of an instance',
    },
    {
      expression: `
        !has(variables.spec.bootstrap) || !has(variables.spec.bootstrap.recovery) ||
        !has(variables.spec.bootstrap.recovery.volumeSnapshots) ||
        ('bootstrap' in variables.specs[1] && variables.specs[1].bootstrap == variables.spec.bootstrap)`,
      message: 'a PostgreSQL cluster must not start from volume snapshots',
    },
    // The operator makes a PodMonitor, whose relabelings choose what a Prometheus of the cluster reads. Its webhook sets
    // the other defaults of `monitoring`.
    {
      expression: `
        !has(variables.spec.monitoring) || !has(variables.spec.monitoring.enablePodMonitor) ||
        !variables.spec.monitoring.enablePodMonitor ||
        ('monitoring' in variables.specs[1] && variables.spec.monitoring == variables.specs[1].monitoring)`,
      message: 'a PostgreSQL cluster must have no monitors that a person did not set',
    },
    // The operator takes them for its pods, and the namespace of the instance would refuse those.
    {
      expression: `
        ['seccompProfile', 'podSecurityContext', 'securityContext'].all(field,
        !(field in variables.spec) || (field in variables.specs[1] && variables.spec[field] == variables.specs[1][field]))`,
      message: 'a PostgreSQL cluster must have no own security contexts',
    },
    {
      expression: `
        ['projectedVolumeTemplate', 'ephemeralVolumeSource'].all(field,
        !(field in variables.spec) || (field in variables.specs[1] && variables.spec[field] == variables.specs[1][field]))`,
      message:
        'a PostgreSQL cluster must have no tokens of service accounts, no volumes of CSI drivers and no chosen volumes',
    },
  ],
};
