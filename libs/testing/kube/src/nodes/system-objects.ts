import { type ClusterNetwork } from './cluster-network.js';
import { dnsImage, shellImage, storageImage } from './system-images.js';

const system = 'kube-system';

/** The objects that every cluster of real nodes has: CoreDNS, and volumes in folders of the nodes. */
export const systemObjects = (
  network: ClusterNetwork,
  volumeFolder: string,
  hostNames: readonly string[],
): object[] => [...dnsObjects(network, hostNames), ...storageObjects(volumeFolder)];

const account = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace: system },
});

const role = (name: string, rules: readonly object[]): object[] => [
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: `system:${name}` }, rules },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: `system:${name}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `system:${name}` },
    subjects: [{ kind: 'ServiceAccount', name, namespace: system }],
  },
];

const deployment = (name: string, podSpec: object): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: system },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { serviceAccountName: name, ...podSpec } },
  },
});

/** Names outside the cluster resolve nowhere but for `hostNames`, which lead to this machine. */
const corefile = ({ hostAddress }: ClusterNetwork, hostNames: readonly string[]): string => `.:53 {
  errors
  health
  ready
  hosts {
${hostNames.map((name) => `    ${hostAddress} ${name}\n`).join('')}    fallthrough
  }
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    pods insecure
    fallthrough in-addr.arpa ip6.arpa
    ttl 5
  }
  cache 5
  loadbalance
}
`;

function dnsObjects(network: ClusterNetwork, hostNames: readonly string[]): object[] {
  const name = 'coredns';
  return [
    account(name),
    ...role(name, [
      { apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
    ]),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: system },
      data: { Corefile: corefile(network, hostNames) },
    },
    deployment(name, {
      priorityClassName: 'system-cluster-critical',
      dnsPolicy: 'Default',
      tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
      containers: [
        {
          name,
          image: dnsImage,
          imagePullPolicy: 'Never',
          args: ['-conf', '/etc/coredns/Corefile'],
          readinessProbe: { httpGet: { path: '/ready', port: 8181 }, periodSeconds: 1 },
          volumeMounts: [{ name: 'config', mountPath: '/etc/coredns', readOnly: true }],
          resources: { requests: { cpu: '20m', memory: '32Mi' }, limits: { memory: '170Mi' } },
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
            readOnlyRootFilesystem: true,
          },
        },
      ],
      volumes: [{ name: 'config', configMap: { name } }],
    }),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kube-dns', namespace: system },
      spec: {
        clusterIP: network.dnsService,
        selector: { app: name },
        ports: [
          { name: 'dns', port: 53, protocol: 'UDP' },
          { name: 'dns-tcp', port: 53, protocol: 'TCP' },
        ],
      },
    },
  ];
}

function storageObjects(volumeFolder: string): object[] {
  const name = 'local-path-provisioner';
  const config = { nodePathMap: [{ node: 'DEFAULT_PATH_FOR_NON_LISTED_NODES', paths: [volumeFolder] }] };
  const shell = { image: shellImage, imagePullPolicy: 'Never' };
  const helper = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'helper' },
    spec: { containers: [{ name: 'helper', ...shell }] },
  };
  return [
    account(name),
    ...role(name, [
      { apiGroups: [''], resources: ['nodes', 'configmaps'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: ['get', 'list', 'watch', 'update'] },
      { apiGroups: [''], resources: ['persistentvolumes', 'pods', 'endpoints'], verbs: ['*'] },
      { apiGroups: [''], resources: ['pods/log'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
      { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: ['get', 'list', 'watch'] },
    ]),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'local-path-config', namespace: system },
      data: {
        'config.json': JSON.stringify(config),
        // Programs of any user write into their volumes.
        setup: '#!/bin/sh\nset -eu\nmkdir -m 0777 -p "$VOL_DIR"\n',
        teardown: '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n',
        'helperPod.yaml': JSON.stringify(helper),
      },
    },
    deployment(name, {
      tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
      containers: [
        {
          name,
          image: storageImage,
          imagePullPolicy: 'Never',
          args: [
            'start',
            '--config=/etc/config/config.json',
            '--provisioner-name=runos.invalid/local-path',
            `--service-account-name=${name}`,
          ],
          env: [{ name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } }],
          volumeMounts: [{ name: 'config', mountPath: '/etc/config' }],
          resources: { requests: { cpu: '10m', memory: '32Mi' } },
        },
      ],
      volumes: [{ name: 'config', configMap: { name: 'local-path-config' } }],
    }),
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'local', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'runos.invalid/local-path',
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
  ];
}
