import { failAnnotation, restartSettings } from '@runos/catalog-model';
import { type KubeObject, mapAt, textOf } from '@runos/kube-objects';
import { parameters } from '../parameters.js';
import { reservedParameters } from '../reserved-parameters.js';
import { startRules } from '../start-rules.js';

type Texts = Readonly<Record<string, string>>;

const restartAnnotation = 'kubectl.kubernetes.io/restartedAt';
const serialAnnotation = 'cnpg.io/nodeSerial';
const specAnnotation = 'cnpg.io/podSpec';
/** Only the simulation has it: the settings that PostgreSQL has read at its start. */
const settingsAnnotation = 'runos.dev/started-with';

/** `<cluster>-<serial>`: the name of the pod and of the claim. */
export const instanceName = ({ metadata }: KubeObject, serial: number): string => `${metadata.name}-${serial}`;
/** The serial of a pod or claim. The operator never uses one again. */
export const serialOf = ({ metadata }: KubeObject): number => Number(metadata.annotations?.[serialAnnotation]);
/** `DefaultImageName` of CloudNativePG 1.27.0. */
const defaultImage = 'ghcr.io/cloudnative-pg/postgresql:17.5';
/** The image of the instances. */
export const imageOf = (cluster: KubeObject): string => textOf(mapAt(cluster, 'spec')['imageName']) ?? defaultImage;

const settingsOf = (cluster: KubeObject): Texts => mapAt(cluster, 'spec', 'postgresql', 'parameters') as Texts;
const inheritedLabels = (cluster: KubeObject): Texts => mapAt(cluster, 'spec', 'inheritedMetadata', 'labels') as Texts;

const labelsOf = (cluster: KubeObject, serial: number): Texts => ({
  ...inheritedLabels(cluster),
  'cnpg.io/cluster': cluster.metadata.name,
  'cnpg.io/instanceName': instanceName(cluster, serial),
});

/** As the operator makes it, without its init container and its account, which need further objects. */
const podSpecOf = (cluster: KubeObject, name: string) => ({
  hostname: name,
  automountServiceAccountToken: false,
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 26,
    runAsGroup: 26,
    fsGroup: 26,
    seccompProfile: { type: 'RuntimeDefault' },
  },
  containers: [
    {
      name: 'postgres',
      image: imageOf(cluster),
      imagePullPolicy: textOf(mapAt(cluster, 'spec')['imagePullPolicy']),
      command: ['/controller/manager', 'instance', 'run'],
      resources: mapAt(cluster, 'spec', 'resources'),
      ports: [{ name: 'postgresql', containerPort: 5432, protocol: 'TCP' }],
      volumeMounts: [{ name: 'pgdata', mountPath: '/var/lib/postgresql/data' }],
      securityContext: {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        privileged: false,
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    },
  ],
  volumes: [{ name: 'pgdata', persistentVolumeClaim: { claimName: name } }],
});

/** The pod of an instance. Its annotations let later reconciles compare what it was made of. */
export function instancePod(cluster: KubeObject, serial: number): KubeObject {
  const name = instanceName(cluster, serial);
  const spec = podSpecOf(cluster, name);
  const annotations = {
    [serialAnnotation]: String(serial),
    [specAnnotation]: JSON.stringify(spec),
    [settingsAnnotation]: JSON.stringify(settingsOf(cluster)),
    ...copied(cluster, restartAnnotation),
    ...copied(cluster, failAnnotation),
  };
  const labels = { ...labelsOf(cluster, serial), 'cnpg.io/podRole': 'instance' };
  const metadata = { name, namespace: cluster.metadata.namespace, labels, annotations };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec };
}

/** The claim of an instance. */
export function instanceClaim(cluster: KubeObject, serial: number): KubeObject {
  const { size, storageClass } = mapAt(cluster, 'spec', 'storage');
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: instanceName(cluster, serial),
      namespace: cluster.metadata.namespace,
      labels: { ...labelsOf(cluster, serial), 'cnpg.io/pvcRole': 'PG_DATA' },
      annotations: { [serialAnnotation]: String(serial), 'cnpg.io/pvcStatus': 'ready' },
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: size } },
      ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
    },
  };
}

/**
 * Why the operator replaces a pod; undefined if it does not. It restarts PostgreSQL in place in the primary's pod for a
 * setting alone; the simulation replaces that pod too.
 */
export function outdatedBecause(cluster: KubeObject, pod: KubeObject): string | undefined {
  const annotations = pod.metadata.annotations ?? {};
  const { image } = mapAt({ c: (pod['spec'] as { containers: readonly object[] }).containers[0] }, 'c');
  if (image !== imageOf(cluster))
    return `the instance is using a different image: ${String(image)} -> ${imageOf(cluster)}`;
  const restart = cluster.metadata.annotations?.[restartAnnotation];
  if (restart !== undefined && restart !== annotations[restartAnnotation])
    return 'cluster has been explicitly restarted via annotation';
  if (annotations[specAnnotation] !== JSON.stringify(podSpecOf(cluster, pod.metadata.name)))
    return 'original and target PodSpec differ in containers';
  const before = JSON.parse(annotations[settingsAnnotation] ?? '{}') as Texts;
  const version = /:(\d{1,3})/.exec(imageOf(cluster))?.[1] ?? '';
  const schema = { keys: parameters, reserved: reservedParameters, start: startRules };
  return restartSettings(schema, before, settingsOf(cluster), version).length === 0
    ? undefined
    : 'Postgres needs a restart to apply some configuration changes';
}

const copied = ({ metadata }: KubeObject, name: string): Texts => {
  const value = metadata.annotations?.[name];
  return value === undefined ? {} : { [name]: value };
};

/** What a live object needs of the labels that change, and of the annotation by which a test lets pods fail. */
export function metadataChange(
  cluster: KubeObject,
  object: KubeObject,
  primary: string | undefined,
): object | undefined {
  const role = object.metadata.name === primary ? 'primary' : 'replica';
  const roles = primary === undefined ? {} : { role, 'cnpg.io/instanceRole': role };
  const labels = { ...inheritedLabels(cluster), ...roles };
  const fail = cluster.metadata.annotations?.[failAnnotation];
  const isLabelled = Object.entries(labels).every(([name, value]) => object.metadata.labels?.[name] === value);
  const failsAlike = object.kind !== 'Pod' || object.metadata.annotations?.[failAnnotation] === fail;
  if (isLabelled && failsAlike) return undefined;
  return { metadata: { labels, ...(failsAlike ? {} : { annotations: { [failAnnotation]: fail ?? null } }) } };
}
