import { simulatedNode } from './base-objects.js';
import { type Ports } from './ports.js';

export interface ClusterFiles {
  readonly etcdData: string;
  readonly certFolder: string;
  readonly serviceAccountKey: string;
  readonly tokenFile: string;
  readonly kubeconfigs: Readonly<Record<'controllerManager' | 'scheduler' | 'kwok', string>>;
  /** The files of kwok's stages at its next start. */
  readonly stages: () => readonly string[];
}

const local = (port: number): string => `http://127.0.0.1:${port}`;

export const etcdUrl = (ports: Ports): string => local(ports.etcd);

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

export function apiServerArgs(files: ClusterFiles, ports: Ports): string[] {
  return [
    `--etcd-servers=${etcdUrl(ports)}`,
    `--cert-dir=${files.certFolder}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${ports.api}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${files.serviceAccountKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    `--token-auth-file=${files.tokenFile}`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--allow-privileged=true',
    '--profiling=false',
  ];
}

export function controllerManagerArgs(files: ClusterFiles): string[] {
  return [
    `--kubeconfig=${files.kubeconfigs.controllerManager}`,
    `--service-account-private-key-file=${files.serviceAccountKey}`,
    '--use-service-account-credentials',
    '--leader-elect=false',
    '--secure-port=0',
    // Binds claims of the StorageClass "local", and removes their volumes with them.
    '--enable-hostpath-provisioner=true',
  ];
}

export const schedulerArgs = (files: ClusterFiles): string[] => [
  `--kubeconfig=${files.kubeconfigs.scheduler}`,
  '--leader-elect=false',
  '--secure-port=0',
];

export const kwokArgs = (files: ClusterFiles): string[] => [
  `--kubeconfig=${files.kubeconfigs.kwok}`,
  `--manage-nodes-with-label-selector=type=${simulatedNode.type}`,
  ...files.stages().flatMap((stage) => ['--config', stage]),
];
