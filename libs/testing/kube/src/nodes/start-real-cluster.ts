import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { systemClock } from '@runos/kernel';
import { isRunning, type ProcessIdentity, Supervised, waitUntil, writeFileAtomic } from '@runos/testing-process';
import { buildToolbox } from '../build/build.js';
import { buildNodePrograms, type NodePrograms } from '../build/node-programs.js';
import { installCrds, type Operator } from '../cluster/base-objects.js';
import { defaultAccountCreated, endPreviousProcesses, planCluster } from '../cluster/cluster-plan.js';
import { componentOf, controlPlaneNames } from '../cluster/component.js';
import { type NodeAccess } from '../cluster/component-args.js';
import { kubeRequest, type Target } from '../cluster/kube-request.js';
import { Kubectl } from '../cluster/kubectl.js';
import type { ClusterOptions } from '../cluster/cluster-options.js';
import { type RunningCluster } from '../cluster/start-cluster.js';
import { ClusterCertificates } from './cluster-certificates.js';
import { ClusterNetwork, createBridge } from './cluster-network.js';
import { KubeNode, nodeCgroups } from './kube-node.js';
import { claimIndex, type ClaimOptions, type MachineRecord, releaseRecord, writeRecord } from './machine-records.js';
import { type MachineProbe, probeVolumeLimits } from './probe-real-nodes.js';
import { systemImages } from './system-images.js';
import { systemObjects } from './system-objects.js';

export interface RealClusterOptions extends Omit<ClusterOptions, 'nodes' | 'operators'> {
  /** The number of nodes, named node-1 and so on. Default 2. */
  readonly nodes?: number;
  /** Operators whose CRDs are installed. Default none. */
  readonly operators?: readonly Operator[];
  /** Names that lead to this machine from nodes and pods. */
  readonly hostNames?: readonly string[];
}

/** A cluster whose nodes run containers. */
export interface RealCluster extends RunningCluster {
  /** Each is one of `components` under its name; stopping it is a power cut. */
  readonly nodes: readonly KubeNode[];
  /** The index of its address ranges among the clusters of this machine. */
  readonly index: number;
  /** This machine, as nodes and pods reach it. */
  readonly hostAddress: string;
  /** The cluster's DNS server; this machine reaches it as it reaches every service and pod. */
  readonly dnsAddress: string;
  /** Whether volumes are full at their size; otherwise why they have no limit. */
  readonly volumeLimits: MachineProbe;
  /** Adds the images of OCI archives to every node. */
  importImages(archives: readonly string[]): Promise<void>;
  /** Pulls images from their registries into every node. */
  pullImages(references: readonly string[]): Promise<void>;
}

const podLimit = 200;

/**
 * Starts a Kubernetes with real nodes on this machine. Each node has containerd, kubelet and kube-proxy in its
 * namespaces. CoreDNS runs, and a default StorageClass `local` in folders of the nodes. Resolves when every node is
 * ready and names resolve. Removes first what killed clusters left behind. Builds missing programs.
 * @throws Error where `probeRealNodes` names the reason, and when this data's addresses are in use
 */
export async function startRealCluster(options: RealClusterOptions): Promise<RealCluster> {
  const toolbox = await buildToolbox(options);
  const programs = await buildNodePrograms(options);
  const archives = await systemImages(programs);
  const dataDir = resolve(options.dataDir);
  const names = Array.from({ length: options.nodes ?? 2 }, (_, index) => `node-${index + 1}`);
  let record = await claim(dataDir, names, { persistent: options.persistent ?? false, onProblem: options.onEvent });
  const network = new ClusterNetwork(record.index);
  const volumeLimits = probeVolumeLimits(dataDir);
  const components = new Map<string, Supervised>();
  const stopComponents = async (): Promise<void> => {
    await Promise.all(nodes.map(async ({ name }) => components.get(name)?.stop()));
    for (const name of [...controlPlaneNames].reverse()) await components.get(name)?.stop();
  };
  let stopped: Promise<void> | undefined;
  const stopOnce = async (): Promise<void> => {
    await stopComponents();
    await releaseRecord(record);
  };
  const stop = (): Promise<void> =>
    (stopped ??= stopOnce().catch((error: Error) => {
      stopped = undefined; // the next call tries again
      throw error;
    }));
  const nodes: KubeNode[] = [];
  const stopOnAbort = (): void => void stopComponents().catch(() => undefined); // the interrupted start throws
  options.signal?.addEventListener('abort', stopOnAbort, { once: true });
  try {
    await createBridge(network);
    const certificates = await ClusterCertificates.open(join(dataDir, 'authority'));
    const nodeAccess = await accessOf(certificates, network);
    const plan = await planCluster({ ...options, dataDir }, toolbox, { nodeAccess });
    await endPreviousProcesses(plan);
    // The control plane runs on this machine, so that no node takes it with it.
    for (const name of controlPlaneNames) components.set(name, componentOf(name, plan));
    const onStarted = (init: ProcessIdentity): void => {
      record = { ...record, inits: [...record.inits.filter(isRunning), init] };
      writeRecord(record);
    };
    nodes.push(
      ...(await createNodes({
        options,
        dataDir,
        names,
        network,
        certificates,
        programs,
        server: plan.target().server,
        onStarted,
      })),
    );
    for (const node of nodes)
      components.set(node.name, new Supervised(node.name, () => node.start(), { onEvent: options.onEvent }));
    options.signal?.throwIfAborted();
    const startNode = async (node: KubeNode): Promise<void> => {
      await components.get(node.name)?.start();
      await node.importImages(archives);
    };
    const startControlPlane = async (): Promise<void> => {
      for (const name of controlPlaneNames) await components.get(name)?.start();
    };
    const startedAt = systemClock.now();
    // Nodes and API server start at the same time: a kubelet tries again until it is answered.
    await Promise.all([startControlPlane(), ...nodes.map((node) => startNode(node))]);
    const target = plan.target();
    const kubectl = new Kubectl(toolbox.program('kubectl'), plan.adminKubeconfig);
    const folders = Object.fromEntries(nodes.map(({ name, volumeFolder }) => [name, volumeFolder]));
    const volumes = { folders, areLimited: volumeLimits.possible };
    await kubectl.apply(systemObjects(network, volumes, options.hostNames ?? []), 'tool-kube');
    await installCrds(target, toolbox, options.operators ?? []);
    await Promise.all([nodesReady(target, names, startedAt), defaultAccountCreated(target), dnsReady(target)]);
    return {
      ...target,
      kubeconfig: kubectl.kubeconfig,
      caFile: plan.caFile,
      kubectl: kubectl.command,
      nodes,
      index: network.index,
      hostAddress: network.hostAddress,
      dnsAddress: network.dnsService,
      volumeLimits,
      components,
      pullImages: async (references) => void (await Promise.all(nodes.map((node) => node.pullImages(references)))),
      importImages: async (more) => void (await Promise.all(nodes.map((node) => node.importImages(more)))),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', stopOnAbort);
  }
}

interface NodesContext {
  readonly options: RealClusterOptions;
  readonly dataDir: string;
  readonly names: readonly string[];
  readonly network: ClusterNetwork;
  readonly certificates: ClusterCertificates;
  readonly programs: NodePrograms;
  /** The URL of the API server. */
  readonly server: string;
  readonly onStarted: (init: ProcessIdentity) => void;
}

/** The nodes, switched off, with their certificates. */
async function createNodes(context: NodesContext): Promise<KubeNode[]> {
  const { options, dataDir, names, network, certificates, programs, server, onStarted } = context;
  const { hostNames = [], onEvent } = options;
  const { caFile } = certificates;
  const proxyKubeconfig = await certificates.kubeconfig('kube-proxy', server, { commonName: 'system:kube-proxy' });
  const create = async (name: string, index: number): Promise<KubeNode> => {
    const number = index + 1;
    const commonName = `system:node:${name}`;
    const ipAddresses = [network.nodeAddress(number)];
    const serving = await certificates.issue(`${name}-serving`, { commonName, usage: 'server', ipAddresses });
    const kubeconfig = await certificates.kubeconfig(name, server, { commonName, organization: 'system:nodes' });
    const folder = join(dataDir, 'nodes', name);
    const spec = { name, number, folder, network, programs, caFile, serving, hostNames, proxyKubeconfig, podLimit };
    const cgroups = nodeCgroups(network.index, name);
    return new KubeNode({ spec, nodes: names.length, dataDir, kubeconfig, cgroups, onEvent, onStarted });
  };
  return Promise.all(names.map(create));
}

/** Takes an index of this machine: that of an earlier start, because the cluster's objects hold its addresses. */
async function claim(dataDir: string, names: readonly string[], options: ClaimOptions): Promise<MachineRecord> {
  const file = join(dataDir, 'network-index.json');
  const preferred = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as number) : undefined;
  const cgroups = (index: number): string[] => names.flatMap((name) => nodeCgroups(index, name).folders);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const record = await claimIndex({ dataDir, nodes: names.length, cgroups: [] }, cgroups, { ...options, preferred });
  writeFileAtomic(file, JSON.stringify(record.index));
  return record;
}

async function accessOf(certificates: ClusterCertificates, network: ClusterNetwork): Promise<NodeAccess> {
  const names = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'];
  return {
    address: network.hostAddress,
    serviceRange: network.serviceRange,
    caFile: certificates.caFile,
    serving: await certificates.issue('kube-apiserver', {
      commonName: 'kube-apiserver',
      usage: 'server',
      ipAddresses: [network.hostAddress, network.apiService],
      dnsNames: names,
    }),
    kubeletClient: await certificates.issue('kube-apiserver-kubelet-client', {
      commonName: 'kube-apiserver-kubelet-client',
      organization: 'system:masters',
      usage: 'client',
    }),
  };
}

/** Resolves when every node is ready by the word of its kubelet, not by what an earlier start stored. */
async function nodesReady(target: Target, names: readonly string[], since: Date): Promise<void> {
  const isReady = async (name: string): Promise<boolean> => {
    const lease = await read<Lease>(target, `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`);
    if (!lease?.spec?.renewTime || new Date(lease.spec.renewTime) < since) return false;
    const node = await read<LiveNode>(target, `/api/v1/nodes/${name}`);
    return node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  };
  const because = (): string => `not every node of ${names.join(', ')} is ready after two minutes`;
  const all = async (): Promise<boolean> => (await Promise.all(names.map(isReady))).every(Boolean);
  await waitUntil(all, { deadlineMs: 120_000, everyMs: 200, because });
}

interface Lease {
  readonly spec?: { readonly renewTime?: string };
}

interface LiveNode {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function read<T>(target: Target, path: string): Promise<T | undefined> {
  const reply = await kubeRequest(target, path);
  return reply.status === 200 ? (JSON.parse(reply.body) as T) : undefined;
}

async function dnsReady(target: Target): Promise<void> {
  const path = '/apis/apps/v1/namespaces/kube-system/deployments/coredns';
  const isReady = async (): Promise<boolean> => {
    const { status } = JSON.parse((await kubeRequest(target, path)).body) as { status?: { readyReplicas?: number } };
    return (status?.readyReplicas ?? 0) > 0;
  };
  await waitUntil(isReady, {
    deadlineMs: 120_000,
    everyMs: 100,
    because: () => 'CoreDNS is not ready after two minutes',
  });
}
