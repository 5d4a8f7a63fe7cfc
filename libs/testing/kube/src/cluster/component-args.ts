import type { CertificateFiles } from '../nodes/cluster-certificates.js';
import { simulatedNode } from './base-objects.js';
import { type Ports } from './ports.js';

/** What the control plane needs beyond that of simulated nodes, when kubelets and pods talk with it. */
export interface NodeAccess {
  /** The API server listens here alone. */
  readonly address: string;
  readonly serviceRange: string;
  /** Authenticates the API server, kubelets and their clients to each other. */
  readonly caFile: string;
  readonly serving: CertificateFiles;
  /** The API server's own access to kubelets: logs and exec. */
  readonly kubeletClient: CertificateFiles;
}

export interface ClusterFiles {
  readonly nodeAccess?: NodeAccess;
  readonly etcdData: string;
  readonly certFolder: string;
  readonly serviceAccountKey: string;
  readonly tokenFile: string;
  readonly kubeconfigs: Readonly<Record<'controllerManager' | 'scheduler' | 'kwok', string>>;
  /** The files of kwok's stages. */
  readonly stages: readonly string[];
}

const local = (port: number): string => `http://127.0.0.1:${port}`;

/** The address of etcd for clients. */
export const etcdUrl = (ports: Ports): string => local(ports.etcd);

/** Arguments of etcd. Data that is not `persistent` is written without fsync. */
export function etcdArgs({ etcdData }: ClusterFiles, ports: Ports, persistent: boolean): string[] {
  return [
    `--data-dir=${etcdData}`,
    `--listen-client-urls=${local(ports.etcd)}`,
    `--advertise-client-urls=${local(ports.etcd)}`,
    `--listen-peer-urls=${local(ports.etcdPeer)}`,
    `--initial-advertise-peer-urls=${local(ports.etcdPeer)}`,
    `--initial-cluster=default=${local(ports.etcdPeer)}`,
    '--log-level=warn',
    // The data of a temporary cluster need not reach the disk.
    ...(persistent ? [] : ['--unsafe-no-fsync']),
  ];
}

/** Arguments of kube-apiserver. */
export function apiServerArgs(files: ClusterFiles, ports: Ports): string[] {
  return [
    `--etcd-servers=${etcdUrl(ports)}`,
    `--cert-dir=${files.certFolder}`,
    `--secure-port=${ports.api}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${files.serviceAccountKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    `--token-auth-file=${files.tokenFile}`,
    '--allow-privileged=true',
    '--profiling=false',
    ...(files.nodeAccess ? withNodes(files.nodeAccess) : withoutNodes),
  ];
}

const withoutNodes = [
  '--bind-address=127.0.0.1',
  '--authorization-mode=RBAC',
  '--service-cluster-ip-range=10.96.0.0/16',
];

const withNodes = ({ address, serviceRange, caFile, serving, kubeletClient }: NodeAccess): string[] => [
  `--bind-address=${address}`,
  `--advertise-address=${address}`,
  '--authorization-mode=Node,RBAC',
  '--enable-admission-plugins=NodeRestriction',
  `--service-cluster-ip-range=${serviceRange}`,
  `--client-ca-file=${caFile}`,
  `--tls-cert-file=${serving.certificate}`,
  `--tls-private-key-file=${serving.key}`,
  `--kubelet-certificate-authority=${caFile}`,
  `--kubelet-client-certificate=${kubeletClient.certificate}`,
  `--kubelet-client-key=${kubeletClient.key}`,
  '--kubelet-preferred-address-types=InternalIP',
];

/** Arguments of kube-controller-manager. */
export function controllerManagerArgs(files: ClusterFiles): string[] {
  return [
    `--kubeconfig=${files.kubeconfigs.controllerManager}`,
    `--service-account-private-key-file=${files.serviceAccountKey}`,
    '--use-service-account-credentials',
    '--leader-elect=false',
    '--secure-port=0',
    ...(files.nodeAccess
      ? [`--root-ca-file=${files.nodeAccess.caFile}`]
      : // Binds claims of the StorageClass "local", and removes their volumes with them.
        ['--enable-hostpath-provisioner=true']),
  ];
}

/** Arguments of kube-scheduler. */
export const schedulerArgs = (files: ClusterFiles): string[] => [
  `--kubeconfig=${files.kubeconfigs.scheduler}`,
  '--leader-elect=false',
  '--secure-port=0',
];

/** Arguments of kwok, with all stages of the simulated nodes. */
export const kwokArgs = (files: ClusterFiles): string[] => [
  `--kubeconfig=${files.kubeconfigs.kwok}`,
  `--manage-nodes-with-label-selector=type=${simulatedNode.type}`,
  ...files.stages.flatMap((stage) => ['--config', stage]),
];
