import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type NodePrograms } from '../build/node-programs.js';
import { type CertificateFiles } from './cluster-certificates.js';
import { type ClusterNetwork } from './cluster-network.js';
import { pauseImage } from './system-images.js';

/** Everything from which the files of a node derive. */
export interface NodeSpec {
  readonly name: string;
  /** Counted from 1. */
  readonly number: number;
  readonly folder: string;
  readonly network: ClusterNetwork;
  readonly programs: NodePrograms;
  readonly caFile: string;
  readonly serving: CertificateFiles;
  /** Names that lead to this machine, for the node itself. */
  readonly hostNames: readonly string[];
  readonly proxyKubeconfig: string;
  readonly podLimit: number;
}

/** The socket of containerd inside a node. */
export const containerdSocket = '/run/containerd/containerd.sock';

/** The configuration files of a node's programs. */
export interface NodeFiles {
  readonly containerd: string;
  readonly kubelet: string;
  readonly proxy: string;
}

/** Writes the files of a node; everything that differs between two starts is written again. */
export function writeNodeFiles(spec: NodeSpec): NodeFiles {
  const { folder, network, hostNames } = spec;
  for (const name of ['', 'cni', 'pod-logs', 'volume-plugins', 'volumes'])
    mkdirSync(join(folder, name), { recursive: true });
  const write = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  write('resolv.conf', '');
  write('hosts', ['127.0.0.1 localhost', ...hostNames.map((name) => `${network.hostAddress} ${name}`), ''].join('\n'));
  write('cni/10-pods.conflist', JSON.stringify(podNetwork(spec)));
  return {
    containerd: write('containerd.toml', containerdConfig(spec)),
    kubelet: write('kubelet.yaml', stringify(kubeletConfig(spec))),
    proxy: write('kube-proxy.yaml', stringify(proxyConfig(spec))),
  };
}

const podNetwork = ({ network, number }: NodeSpec): object => ({
  cniVersion: '1.0.0',
  name: 'pods',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipMasq: false,
      hairpinMode: true,
      ipam: {
        type: 'host-local',
        ranges: [[{ subnet: network.nodePodRange(number) }]],
        routes: [{ dst: '0.0.0.0/0' }],
        dataDir: '/run/cni-addresses', // pods do not survive a restart of their node, and neither do their addresses
      },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
});

/** A basic string of TOML, whose escape sequences include those of JSON. */
const quoted = (text: string): string => JSON.stringify(text);

/** `restrict_oom_score_adj`: without it, every pod fails where this process may not lower its own score. */
const containerdConfig = ({ folder, programs }: NodeSpec): string => `version = 3
root = ${quoted(`${folder}/containerd`)}
state = "/run/containerd"
[grpc]
  address = "${containerdSocket}"
[plugins.'io.containerd.internal.v1.opt']
  path = ${quoted(`${folder}/opt`)}
[plugins.'io.containerd.cri.v1.images']
  snapshotter = "overlayfs"
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = "${pauseImage}"
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = [${quoted(programs.folder)}]
    conf_dir = ${quoted(`${folder}/cni`)}
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      SystemdCgroup = false
      BinaryName = ${quoted(programs.program('runc'))}
`;

const kubeletConfig = ({ folder, caFile, serving, network, podLimit }: NodeSpec): object => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  failCgroupV1: false,
  cgroupDriver: 'cgroupfs',
  containerRuntimeEndpoint: `unix://${containerdSocket}`,
  authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: caFile } },
  authorization: { mode: 'Webhook' },
  tlsCertFile: serving.certificate,
  tlsPrivateKeyFile: serving.key,
  clusterDNS: [network.dnsService],
  clusterDomain: 'cluster.local',
  resolvConf: '',
  failSwapOn: false,
  podLogsDir: join(folder, 'pod-logs'),
  volumePluginDir: join(folder, 'volume-plugins'),
  // The disk is this machine's, and images cannot be pulled again: nothing is evicted or collected early.
  evictionHard: {
    'memory.available': '100Mi',
    'nodefs.available': '1%',
    'nodefs.inodesFree': '1%',
    'imagefs.available': '1%',
  },
  imageGCHighThresholdPercent: 100,
  serializeImagePulls: false,
  registryPullQPS: 0,
  maxPods: podLimit,
});

const proxyConfig = ({ name, network, proxyKubeconfig }: NodeSpec): object => ({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'nftables',
  clientConnection: { kubeconfig: proxyKubeconfig },
  clusterCIDR: network.podRange,
  hostnameOverride: name,
  // The limits of connection tracking belong to the machine.
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
});
