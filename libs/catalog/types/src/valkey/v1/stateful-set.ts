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
import { names } from './names.js';

/** The pod selector; it never changes, because a StatefulSet's selector is immutable. */
export const selectorOf = (osid: string) => ({ 'app.kubernetes.io/name': 'valkey', 'runos.com/osid': osid });

/** The uid of the image's user `valkey`. */
const uid = 999;

const secretKey = (osid: string, key: string) => ({
  secretKeyRef: { name: credentialsSecretName(osid), key },
});

const container = (input: RenderInput, image: string) => ({
  name: 'valkey',
  image,
  imagePullPolicy: 'IfNotPresent',
  command: ['sh', `${names.configDir}/start.sh`],
  env: [
    { name: 'POD_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
    { name: 'REDISCLI_AUTH', valueFrom: secretKey(input.osid, 'password') },
  ],
  ports: [{ name: 'valkey', containerPort: names.port, protocol: 'TCP' }],
  resources: resourcesOf(input),
  readinessProbe: {
    exec: { command: ['valkey-cli', '-e', 'ping'] },
    periodSeconds: 5,
    timeoutSeconds: 3,
    failureThreshold: 3,
    successThreshold: 1,
  },
  // A TCP check: while Valkey loads a large file it answers no command, and must not be killed.
  livenessProbe: {
    tcpSocket: { port: 'valkey' },
    initialDelaySeconds: 10,
    periodSeconds: 10,
    timeoutSeconds: 3,
    failureThreshold: 6,
    successThreshold: 1,
  },
  securityContext: containerSecurity,
  volumeMounts: [
    { name: 'data', mountPath: '/data' },
    { name: 'config', mountPath: names.configDir, readOnly: true },
    { name: 'secret', mountPath: names.secretDir, readOnly: true },
  ],
});

const podSpec = (input: RenderInput, image: string) => ({
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  securityContext: podSecurity(uid),
  topologySpreadConstraints: spreadOverNodes(selectorOf(input.osid)),
  containers: [container(input, image)],
  volumes: [
    { name: 'config', configMap: { name: names.config(input.osid), defaultMode: 0o444 } },
    {
      name: 'secret',
      secret: {
        secretName: credentialsSecretName(input.osid),
        defaultMode: 0o440,
        items: [{ key: 'auth.conf', path: 'auth.conf' }],
      },
    },
  ],
});

/** The StatefulSet of Valkey. */
export function statefulSet(input: RenderInput, image: string): KubeObject {
  const annotations = restartAnnotation(input.restartedAt);
  return owned(input, 'apps/v1', 'StatefulSet', input.osid, {
    spec: {
      replicas: input.replicas,
      serviceName: names.members(input.osid),
      // OrderedReady never replaces a pod that a bad update has broken.
      podManagementPolicy: 'Parallel',
      revisionHistoryLimit: 10,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      selector: { matchLabels: selectorOf(input.osid) },
      template: {
        metadata: {
          labels: { ...labelsOf(input), ...selectorOf(input.osid) },
          ...(annotations === undefined ? {} : { annotations }),
        },
        spec: podSpec(input, image),
      },
      volumeClaimTemplates: [claimTemplate(input)],
    },
  });
}
