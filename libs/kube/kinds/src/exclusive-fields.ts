import type { ExclusiveField } from '@runos/kube-objects';

/**
 * The controllers and the API server of Kubernetes itself. They write tokens into Secrets, for example. HPA, `kubectl
 * rollout restart` and load balancer controllers write fields that are not exclusive.
 */
const systemWriters = ['kube-controller-manager', 'kube-apiserver'] as const;

const exclusive = (...paths: readonly string[]): ExclusiveField[] =>
  paths.map((path) => ({ path, writers: systemWriters }));

/** What decides which programs run in a container, with which input and files. */
const containerFields = [
  'args',
  'command',
  'env[]',
  'envFrom',
  'lifecycle',
  'ports[]',
  'volumeDevices[]',
  'volumeMounts[]',
];

/** The content of a pod template. Annotations, labels and scheduling are left to others. */
const podFields = (podSpec: string): ExclusiveField[] =>
  exclusive(
    ...['containers[]', 'initContainers[]'].flatMap((containers) => [
      `${podSpec}.${containers}`,
      ...containerFields.map((field) => `${podSpec}.${containers}.${field}`),
    ]),
    `${podSpec}.volumes[]`,
  );

const templateFields = podFields('spec.template.spec');
const roleFields = exclusive('rules');
const bindingFields = exclusive('subjects');

/**
 * The exclusive fields by kind. Kinds without an entry have none: Kubernetes or other controllers write what is in a
 * Pod, a claim, a ServiceAccount or a Namespace beside our fields.
 */
export const exclusiveFields: Readonly<Record<string, readonly ExclusiveField[]>> = {
  ConfigMap: exclusive('data[]', 'binaryData[]'),
  Secret: exclusive('data[]'),
  Service: exclusive('spec.externalIPs', 'spec.externalName', 'spec.loadBalancerSourceRanges', 'spec.ports[]'),
  Deployment: templateFields,
  StatefulSet: templateFields,
  DaemonSet: templateFields,
  Job: templateFields,
  CronJob: podFields('spec.jobTemplate.spec.template.spec'),
  ResourceQuota: exclusive('spec.hard[]'),
  LimitRange: exclusive('spec.limits'),
  NetworkPolicy: exclusive('spec.egress', 'spec.ingress'),
  Role: roleFields,
  ClusterRole: [{ path: 'rules', writers: [...systemWriters, 'clusterrole-aggregation-controller'] }],
  RoleBinding: bindingFields,
  ClusterRoleBinding: bindingFields,
};
