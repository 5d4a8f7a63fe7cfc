import {
  containerSecurity,
  labelsOf,
  owned,
  resourcesOf,
  restartAnnotation,
  spreadOverNodes,
} from '@runos/catalog-model/render-v1';
import type { KubeObject } from '@runos/kube-objects';
import type { AppInput } from '../app-input.js';
import { deploymentStrategies } from './deployment-strategy.js';
import { envFrom, fileMounts, fileVolumes } from './environment.js';
import { probesOf } from './health-check.js';
import { names } from './names.js';
import { nodeAffinity } from './node-affinity.js';

/** The pod selector; it never changes, because that of a Deployment is immutable. */
export const selectorOf = (osid: string) => ({ 'app.kubernetes.io/name': 'app', 'runos.com/osid': osid });

/** A pod stays in endpoints of other nodes for a moment after its deletion, so it serves for that long. Seconds. */
const drainSeconds = 5;

/** Programs need a folder for temporary files, also on a read-only file system. */
const temporary = { name: 'tmp', mountPath: '/tmp' };

/** The ports of the container: those of the mappings, and those of health check and metrics. */
function containerPorts({ app }: AppInput) {
  const mapped = app.servicePortMappings.map(({ port }) => port);
  const ports = [...mapped, app.healthCheckPort, app.metricsPort].filter((port) => port !== undefined);
  return [...new Set(ports)].map((containerPort) => ({
    name: names.port(containerPort),
    containerPort,
    protocol: 'TCP',
  }));
}

function container(input: AppInput) {
  const { osid, app } = input;
  const ports = containerPorts(input);
  const readOnlyRootFilesystem = app.readOnlyRootFilesystem ?? false;
  const mounts = [...fileMounts(input), ...(readOnlyRootFilesystem ? [temporary] : [])];
  return {
    name: names.container,
    image: app.image,
    imagePullPolicy: 'IfNotPresent',
    envFrom: envFrom(osid),
    ...(ports.length === 0 ? {} : { ports, lifecycle: { preStop: { sleep: { seconds: drainSeconds } } } }),
    resources: resourcesOf(input),
    ...probesOf(app),
    securityContext: { ...containerSecurity, readOnlyRootFilesystem },
    ...(mounts.length === 0 ? {} : { volumeMounts: mounts }),
  };
}

function podSpec(input: AppInput) {
  const { osid, app, pullCredentials } = input;
  const volumes = [
    ...fileVolumes(input),
    ...(app.readOnlyRootFilesystem ? [{ name: temporary.name, emptyDir: {} }] : []),
  ];
  return {
    serviceAccountName: osid,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    topologySpreadConstraints: spreadOverNodes(selectorOf(osid)),
    ...nodeAffinity(app.nodeAffinityTags),
    ...(pullCredentials === undefined ? {} : { imagePullSecrets: [{ name: names.pullCredentials(osid) }] }),
    containers: [container(input)],
    ...(volumes.length === 0 ? {} : { volumes }),
  };
}

/** Prometheus finds the metrics of a pod by these annotations. */
const metricsAnnotations = ({ metricsPort, metricsPath }: AppInput['app']) =>
  metricsPort === undefined
    ? {}
    : {
        'prometheus.io/scrape': 'true',
        'prometheus.io/port': String(metricsPort),
        'prometheus.io/path': metricsPath ?? '/metrics',
      };

/** The Deployment of an app. */
export function deployment(input: AppInput): KubeObject {
  const { osid, app, environmentDigest } = input;
  return owned(input, 'apps/v1', 'Deployment', osid, {
    spec: {
      replicas: input.replicas,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy: deploymentStrategies[app.deploymentStrategy ?? 'rolling'],
      selector: { matchLabels: selectorOf(osid) },
      template: {
        metadata: {
          labels: { ...labelsOf(input), ...selectorOf(osid) },
          annotations: {
            ...(environmentDigest === undefined ? {} : { 'runos.com/environment': environmentDigest }),
            ...metricsAnnotations(app),
            ...restartAnnotation(input.restartedAt),
          },
        },
        spec: podSpec(input),
      },
    },
  });
}
