import type { ExclusiveField } from '@runos/kube-objects';

/**
 * The controllers and the API server of Kubernetes itself. They write tokens into Secrets, for example. HPA, `kubectl
 * rollout restart` and load balancer controllers write fields that are not exclusive.
 */
export const systemWriters = ['kube-controller-manager', 'kube-apiserver'] as const;

const exclusive = (...paths: readonly string[]): ExclusiveField[] =>
  paths.map((path) => ({ path, writers: systemWriters }));

/** Fields with the value that an absent one means; undefined: no value means the same. */
type Unset = Readonly<Record<string, ExclusiveField['unset']>>;

const scalars = (prefix: string, fields: Unset): ExclusiveField[] =>
  Object.entries(fields).map(([field, unset]) => ({ path: `${prefix}.${field}`, writers: systemWriters, unset }));

/** Rights of processes, in a pod and in a container. */
const processRights: Unset = {
  'securityContext.appArmorProfile': undefined,
  'securityContext.runAsGroup': undefined,
  'securityContext.runAsNonRoot': false,
  'securityContext.runAsUser': undefined,
  'securityContext.seLinuxOptions[]': undefined,
  'securityContext.seccompProfile': undefined,
  'securityContext.windowsOptions[]': undefined,
};

/** When a probe fails, with the defaults of the API server. */
const probeFields = (probe: string): Unset => ({
  [probe]: undefined,
  [`${probe}.failureThreshold`]: 3,
  [`${probe}.initialDelaySeconds`]: 0,
  [`${probe}.periodSeconds`]: 10,
  [`${probe}.successThreshold`]: 1,
  [`${probe}.terminationGracePeriodSeconds`]: undefined,
  [`${probe}.timeoutSeconds`]: 1,
});

/** What decides which programs run in a container, with which input, files and rights. */
const containerFields: Unset = {
  args: undefined,
  command: undefined,
  'env[]': undefined,
  envFrom: undefined,
  lifecycle: undefined,
  'ports[]': undefined,
  'ports[].hostIP': undefined,
  'ports[].hostPort': undefined,
  'volumeDevices[]': undefined,
  'volumeMounts[]': undefined,
  'volumeMounts[].mountPropagation': undefined,
  'volumeMounts[].readOnly': false,
  'volumeMounts[].subPath': undefined,
  'volumeMounts[].subPathExpr': undefined,
  workingDir: undefined,
  ...probeFields('livenessProbe'),
  ...probeFields('readinessProbe'),
  ...probeFields('startupProbe'),
  ...processRights,
  'securityContext.allowPrivilegeEscalation': true,
  'securityContext.capabilities[]': undefined,
  'securityContext.privileged': false,
  'securityContext.procMount': 'Default',
  'securityContext.readOnlyRootFilesystem': false,
};

/** The rights of a pod, and the names that its containers resolve. */
const podRights: Unset = {
  automountServiceAccountToken: true,
  'hostAliases[]': undefined,
  hostIPC: false,
  hostNetwork: false,
  hostPID: false,
  hostUsers: true,
  runtimeClassName: undefined,
  shareProcessNamespace: false,
  ...processRights,
  'securityContext.fsGroup': undefined,
  'securityContext.fsGroupChangePolicy': 'Always',
  'securityContext.seLinuxChangePolicy': 'MountOption',
  'securityContext.supplementalGroups': undefined,
  'securityContext.supplementalGroupsPolicy': 'Merge',
  'securityContext.sysctls': undefined,
};

/** What decides which files a volume of ours has. */
const volumeFields: Unset = {
  'configMap.items': undefined,
  'configMap.optional': false,
  'emptyDir.medium': '',
  'emptyDir.sizeLimit': undefined,
  'persistentVolumeClaim.readOnly': false,
  'secret.items': undefined,
  'secret.optional': false,
};

/** The content of a pod template. Annotations, labels and scheduling are left to others. */
const podFields = (podSpec: string): ExclusiveField[] => [
  ...['containers[]', 'initContainers[]'].flatMap((containers) => [
    ...exclusive(`${podSpec}.${containers}`),
    ...scalars(`${podSpec}.${containers}`, containerFields),
  ]),
  ...exclusive(`${podSpec}.volumes[]`),
  ...scalars(`${podSpec}.volumes[]`, volumeFields),
  ...scalars(podSpec, podRights),
  ...[
    { path: `${podSpec}.serviceAccountName`, alias: 'serviceAccount' },
    { path: `${podSpec}.serviceAccount`, alias: 'serviceAccountName' },
  ].map((field) => ({ ...field, writers: systemWriters, unset: 'default' })),
];

/** The API server refuses its removal: the object is deleted and created again. */
const immutable: ExclusiveField = { path: 'immutable', writers: systemWriters, unset: false };

const templateFields = podFields('spec.template.spec');

/** Which claims the pods of a StatefulSet have: other ordinals are other claims, and ended ones may be deleted. */
const claimFields: Unset = {
  'ordinals.start': 0,
  'persistentVolumeClaimRetentionPolicy.whenDeleted': 'Retain',
  'persistentVolumeClaimRetentionPolicy.whenScaled': 'Retain',
};

const roleFields = exclusive('rules');
const bindingFields = exclusive('subjects');

/**
 * The exclusive fields by kind. Kinds without an entry have none. Kubernetes or other controllers write what is in a
 * Pod, a claim, a ServiceAccount or a Namespace beside our fields.
 */
export const exclusiveFields: Readonly<Record<string, readonly ExclusiveField[]>> = {
  ConfigMap: [...exclusive('data[]', 'binaryData[]'), immutable],
  Secret: [...exclusive('data[]'), immutable],
  Service: exclusive('spec.externalIPs', 'spec.externalName', 'spec.loadBalancerSourceRanges', 'spec.ports[]'),
  Deployment: templateFields,
  StatefulSet: [...templateFields, ...scalars('spec', claimFields)],
  DaemonSet: templateFields,
  Job: templateFields,
  CronJob: podFields('spec.jobTemplate.spec.template.spec'),
  ResourceQuota: exclusive('spec.hard[]'),
  LimitRange: exclusive('spec.limits'),
  // No field manager owns an empty selector that was created, so a foreign one is no change of a field of ours.
  NetworkPolicy: [...exclusive('spec.egress', 'spec.ingress'), ...scalars('spec', { podSelector: {} })],
  Role: roleFields,
  ClusterRole: [{ path: 'rules', writers: [...systemWriters, 'clusterrole-aggregation-controller'] }],
  RoleBinding: bindingFields,
  ClusterRoleBinding: bindingFields,
};
