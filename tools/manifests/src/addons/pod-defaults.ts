import { mapAt, mapsIn } from '@runos/kube-objects';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The spec of a pod as the API server stores it: with the defaults of Kubernetes for what operators use. The policies
 * compare what is stored. A field that is missing here is refused, which the specs of the agent show.
 */
export function withPodDefaults(spec: Fields): Fields {
  const { serviceAccountName } = spec;
  return {
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
    ...(serviceAccountName !== undefined && { serviceAccount: serviceAccountName }),
    ...spec,
    ...each(spec, 'containers', withContainerDefaults),
    ...each(spec, 'initContainers', withContainerDefaults),
    ...each(spec, 'volumes', withVolumeDefaults),
  };
}

/** A list of the object with every item replaced; nothing if the object has no such list. */
const each = (object: Fields, list: string, change: (item: Fields) => Fields): Fields =>
  object[list] === undefined ? {} : { [list]: mapsIn(object[list]).map(change) };

const withContainerDefaults = (container: Fields): Fields => ({
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  ...container,
  ...each(container, 'env', withFieldVersion),
  ...each(container, 'ports', (port) => ({ protocol: 'TCP', ...port })),
  ...Object.fromEntries(
    ['livenessProbe', 'readinessProbe', 'startupProbe']
      .filter((name) => container[name] !== undefined)
      .map((name) => [name, withProbeDefaults(mapAt(container, name))]),
  ),
});

function withFieldVersion(variable: Fields): Fields {
  const valueFrom = mapAt(variable, 'valueFrom');
  if (valueFrom['fieldRef'] === undefined) return variable;
  return { ...variable, valueFrom: { ...valueFrom, fieldRef: { apiVersion: 'v1', ...mapAt(valueFrom, 'fieldRef') } } };
}

const withProbeDefaults = (probe: Fields): Fields => ({
  failureThreshold: 3,
  periodSeconds: 10,
  successThreshold: 1,
  timeoutSeconds: 1,
  ...probe,
  ...(probe['httpGet'] !== undefined && { httpGet: { path: '/', scheme: 'HTTP', ...mapAt(probe, 'httpGet') } }),
});

const withVolumeDefaults = (volume: Fields): Fields => ({
  ...volume,
  ...Object.fromEntries(
    ['configMap', 'secret']
      .filter((source) => volume[source] !== undefined)
      .map((source) => [source, { defaultMode: 0o644, ...mapAt(volume, source) }]),
  ),
});
