import { type ClusterNetwork } from './cluster-network.js';
import { storageObjects, type VolumeFolders } from './storage-objects.js';
import { account, deployment, role, system } from './system-object.js';
import { dnsImage } from './system-images.js';

/** The objects that every cluster of real nodes has: CoreDNS, and volumes in folders of the nodes. */
export const systemObjects = (
  network: ClusterNetwork,
  volumes: VolumeFolders,
  hostNames: readonly string[],
): object[] => [...dnsObjects(network, hostNames), ...storageObjects(volumes)];

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
