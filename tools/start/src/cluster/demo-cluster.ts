import { buildToolbox, type NodesKind, startCluster, Kubectl } from '@runos/testing-kube';
import { waitUntil } from '@runos/testing-process';
import { type AgentContext, type KubernetesAccess, startClusterAgent, startNodeAgent } from './agents.js';
import { buildRealNodes } from './real-nodes.js';
import { clusterAgentName, demoNodeNumbers, nodeAgentName, repository, type StartOptions } from '../options.js';
import { ApiError, type PublicApi } from '../account/public-api.js';
import { type PlaneContext } from '../start-plane.js';

/** One cluster id belongs to one Kubernetes: a user's own cluster is never the demo cluster, even on the same data. */
const cidOf = ({ cluster }: StartOptions): string => (cluster === 'demo' ? 'demo' : 'own');

/** The cluster's id in the plane; the first start adds the cluster through the public API. */
export async function ensureCluster(api: PublicApi, aid: string, options: StartOptions): Promise<string> {
  const cid = cidOf(options);
  try {
    await api.post(`/${aid}/clusters`, { cid, name: cid === 'demo' ? 'Demo cluster' : 'Own cluster' });
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 409)) throw error; // 409: from an earlier start
  }
  return cid;
}

/** Starts the build of Kubernetes where it is needed. Each call of the result waits for it, or repeats a failed build. */
export function startKubernetesBuild({ terminal, signal }: PlaneContext, nodes: NodesKind | null): () => Promise<void> {
  if (nodes === null) return () => Promise.resolve();
  const build = async (): Promise<void> => {
    const progress = { onProgress: terminal.printAbout('kubernetes'), signal };
    await buildToolbox(progress);
    if (nodes === 'real') await buildRealNodes(progress);
  };
  let current: Promise<void> | undefined = build();
  current.catch(() => undefined); // thrown to the caller that awaits it
  return async () => {
    const awaited = current ?? build();
    current = undefined;
    await awaited;
  };
}

/** The administrator's kubeconfig; null without a cluster. */
export function kubeconfigOf({ options, folder }: PlaneContext): string | null {
  if (options.cluster === 'none') return null;
  return options.cluster === 'demo' ? folder.in('kube', 'admin.kubeconfig') : options.cluster.kubeconfig;
}

/** Starts the demo cluster's Kubernetes, or opens the one that a kubeconfig names. */
export async function openKubernetes({ options, folder, processes, signal }: PlaneContext): Promise<Kubectl> {
  if (typeof options.cluster === 'object') return Kubectl.with(options.cluster.kubeconfig);
  const nodes = demoNodeNumbers.map((number) => `node-${number}`);
  const onEvent = (line: string): void => processes.reportEvent('kubernetes', line);
  // The plane installs CloudNativePG as an add-on. An older build, from which the plane is upgraded, may not be able to.
  const isUpgraded = options.from !== repository;
  const operators = [...(isUpgraded ? (['cloudnative-pg'] as const) : []), 'cert-manager', 'gateway-api'] as const;
  const dataDir = folder.in('kube');
  const cluster = await startCluster({ dataDir, operators, persistent: true, nodes, onEvent, signal });
  processes.addKubernetes(cluster.components, cluster.stop);
  return new Kubectl(cluster.kubectl, cluster.kubeconfig);
}

/** Starts the node agents of simulated nodes, beside which they run. On a user's own cluster they run on the nodes. */
export async function runNodeAgents(agent: AgentContext, { processes }: PlaneContext): Promise<void> {
  await Promise.all(
    demoNodeNumbers.map((number) =>
      processes.run(nodeAgentName(number), 'agents', (signal) => startNodeAgent(agent, number, signal)),
    ),
  );
}

export async function runClusterAgent(
  agent: AgentContext,
  access: KubernetesAccess,
  { processes }: PlaneContext,
): Promise<void> {
  await processes.run(clusterAgentName, 'agents', (signal) => startClusterAgent(agent, access, signal));
}

/** Resolves when the plane reports the cluster as connected. */
export async function waitForCluster({ api, aid, cid }: AgentContext, signal: AbortSignal): Promise<void> {
  const isConnected = async (): Promise<boolean> =>
    (await api.get<{ status: string }>(`/${aid}/clusters/${cid}`)).status === 'connected';
  const because = (): string => 'The cluster agent is not connected yet, see its log';
  await waitUntil(isConnected, { deadlineMs: 120_000, everyMs: 200, signal, because });
}
