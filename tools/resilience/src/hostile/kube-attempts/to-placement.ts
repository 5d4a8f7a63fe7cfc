import { type KubeAttempt, post } from './attempt.js';
import { claimSpec, clusterOf, statefulSetOf } from './objects.js';

const tolerations = [{ operator: 'Exists' }];
const placements = [
  { priorityClassName: 'system-node-critical' },
  { priority: 2_000_000_000 },
  { runtimeClassName: 'stolen' },
  { nodeName: 'node-1' },
  { tolerations },
];

const elsewhere = [{ namespaceSelector: {} }, { namespaces: ['kube-system'] }];
const affinities = elsewhere.flatMap((scope) => {
  const podAffinityTerm = { topologyKey: 'kubernetes.io/hostname', labelSelector: {}, ...scope };
  return [
    { requiredDuringSchedulingIgnoredDuringExecution: [podAffinityTerm] },
    { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm }] },
  ];
});

const beta = 'volume.beta.kubernetes.io/storage-class';
const snapshot = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'stolen' };
/** Each gets another volume than an empty one of its class. */
const choices = [
  { storageClassName: '' },
  { volumeName: 'stolen' },
  { selector: { matchLabels: { stolen: 'true' } } },
  { dataSource: snapshot },
  { dataSourceRef: { ...snapshot, namespace: 'kube-system' } },
];
const templates = [
  ...choices.map((choice) => ({ spec: { ...claimSpec, ...choice } })),
  { metadata: { annotations: { [beta]: '' } }, spec: claimSpec },
];
const token = { serviceAccountToken: { path: 'token', audience: 'stolen' } };
const certificate = { podCertificate: { signerName: 'stolen.example.com/x', keyType: 'ED25519', keyPath: 'key.pem' } };
const volumes = [
  { csi: { driver: 'nfs.csi.k8s.io', volumeAttributes: { share: '/' } } },
  ...[token, certificate].map((source) => ({ projected: { sources: [source] } })),
  ...templates.map((volumeClaimTemplate) => ({ ephemeral: { volumeClaimTemplate } })),
];

/** Where pods run, which pods they displace, and which volumes and tokens they mount. */
export function toPlacement(osid: string): KubeAttempt[] {
  const withPods = (podSpec: object) => statefulSetOf(osid, podSpec);
  const withTemplate = ({ metadata = {}, spec }: { metadata?: object; spec: object }) =>
    statefulSetOf(osid, {}, undefined, { volumeClaimTemplates: [{ metadata: { name: 'data', ...metadata }, spec }] });
  const workloads = [
    ...placements.map(withPods),
    ...['podAffinity', 'podAntiAffinity'].flatMap((field) =>
      affinities.map((rule) => withPods({ affinity: { [field]: rule } })),
    ),
    ...volumes.map((volume) => withPods({ volumes: [{ name: 'stolen', ...volume }] })),
    ...templates.map(withTemplate),
  ];
  const named = { size: '1Gi', pvcTemplate: { volumeName: 'stolen' } };
  const ofNoClass = { size: '1Gi', storageClass: '' };
  const databases = [
    { priorityClassName: 'system-node-critical' },
    { affinity: { tolerations } },
    ...['additionalPodAffinity', 'additionalPodAntiAffinity'].flatMap((field) =>
      affinities.map((rule) => ({ affinity: { [field]: rule } })),
    ),
    ...[named, ofNoClass].flatMap((storage) => [{ storage }, { walStorage: storage }]),
    { tablespaces: [{ name: 'stolen', storage: named }] },
    { projectedVolumeTemplate: { sources: [token] } },
  ];
  return [
    ...workloads.map((object) => post(`/apis/apps/v1/namespaces/${osid}/statefulsets`, object)),
    ...databases.map((spec) => post(`/apis/postgresql.cnpg.io/v1/namespaces/${osid}/clusters`, clusterOf(osid, spec))),
    ...choices.map((choice) =>
      post(`/api/v1/namespaces/${osid}/persistentvolumeclaims`, {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'stolen', namespace: osid },
        spec: { ...claimSpec, ...choice },
      }),
    ),
  ];
}
