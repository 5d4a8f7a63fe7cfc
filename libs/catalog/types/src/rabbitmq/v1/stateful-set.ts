import type { RenderInput } from '@runos/catalog-model';
import {
  claimTemplate,
  containerSecurity,
  credentialsSecretName,
  labelsOf,
  owned,
  podSecurity,
  resourcesOf,
  restartAnnotation,
  spreadOverNodes,
} from '@runos/catalog-model/render-v1';
import type { KubeObject } from '@runos/kube-objects';
import { names, selectorOf } from './names.js';

/** The uid of the image's user `rabbitmq`. */
const uid = 999;

const probe = { tcpSocket: { port: 'amqp' }, periodSeconds: 10, timeoutSeconds: 3, successThreshold: 1 };

const container = (input: RenderInput, image: string) => ({
  name: 'rabbitmq',
  image,
  imagePullPolicy: 'IfNotPresent',
  command: ['sh', '/etc/rabbitmq/start/start.sh'],
  env: [
    { name: 'POD_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
    { name: 'RABBITMQ_NODENAME', value: `rabbit@$(POD_NAME).${names.members(input.osid)}.${input.osid}.svc` },
    { name: 'RABBITMQ_USE_LONGNAME', value: 'true' },
  ],
  ports: [
    { name: 'amqp', containerPort: names.amqpPort, protocol: 'TCP' },
    { name: 'management', containerPort: names.managementPort, protocol: 'TCP' },
  ],
  resources: resourcesOf(input),
  // Erlang takes seconds to start, and minutes to load a large queue; its port opens after that.
  startupProbe: { ...probe, failureThreshold: 60 },
  readinessProbe: { ...probe, failureThreshold: 3 },
  livenessProbe: { ...probe, failureThreshold: 6 },
  securityContext: containerSecurity,
  volumeMounts: [
    { name: 'data', mountPath: names.dataDir },
    { name: 'tmp', mountPath: '/tmp' },
    { name: 'start', mountPath: '/etc/rabbitmq/start', readOnly: true },
    { name: 'config', mountPath: '/etc/rabbitmq/conf.d', readOnly: true },
    { name: 'secret', mountPath: '/etc/rabbitmq/secret', readOnly: true },
  ],
});

function volumes(osid: string) {
  const configMap = { name: names.config(osid) };
  const secret = credentialsSecretName(osid);
  const file = (key: string, path = key) => [{ key, path }];
  return [
    { name: 'tmp', emptyDir: {} },
    { name: 'start', configMap: { ...configMap, defaultMode: 0o444, items: file('start.sh') } },
    {
      name: 'config',
      projected: {
        defaultMode: 0o440,
        sources: [
          { configMap: { ...configMap, items: file('rabbitmq.conf', '10-rabbitmq.conf') } },
          { secret: { name: secret, items: file('auth.conf', '20-auth.conf') } },
        ],
      },
    },
    { name: 'secret', secret: { secretName: secret, defaultMode: 0o440, items: file('cookie') } },
  ];
}

/** The StatefulSet of the nodes of RabbitMQ. */
export function statefulSet(input: RenderInput, image: string): KubeObject {
  const annotations = restartAnnotation(input.restartedAt);
  const selector = selectorOf(input.osid);
  return owned(input, 'apps/v1', 'StatefulSet', input.osid, {
    spec: {
      replicas: input.replicas,
      serviceName: names.members(input.osid),
      // The pods of a cluster wait for each other at start.
      podManagementPolicy: 'Parallel',
      revisionHistoryLimit: 10,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      selector: { matchLabels: selector },
      template: {
        metadata: {
          labels: { ...labelsOf(input), ...selector },
          ...(annotations === undefined ? {} : { annotations }),
        },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          restartPolicy: 'Always',
          // It hands over its queues before it ends.
          terminationGracePeriodSeconds: 120,
          securityContext: podSecurity(uid),
          topologySpreadConstraints: spreadOverNodes(selector),
          containers: [container(input, image)],
          volumes: volumes(input.osid),
        },
      },
      volumeClaimTemplates: [claimTemplate(input)],
    },
  });
}
