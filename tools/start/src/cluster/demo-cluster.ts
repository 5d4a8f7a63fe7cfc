import { buildToolbox, startCluster } from '@runos/testing-kube';
import { waitUntil } from '@runos/testing-process';
import { type AgentHome, startClusterAgent, startNodeAgent } from './agents.js';
import { Kubectl } from './kubectl.js';
import { type StartOptions } from '../options.js';
import { ApiRefusal, type PublicApi } from '../account/public-api.js';
import { type PlaneContext } from '../start-plane.js';

/** Names of the demo cluster's nodes: one node agent each, one Node object each. */
const nodeNumbers = [1, 2];

/** A cluster's identity is that of one Kubernetes: somebody's own is not the demo cluster, also on the same data. */
const cidOf = ({ cluster }: StartOptions): string => (cluster === 'demo' ? 'demo' : 'own');

/** The cluster as the plane knows it, added through the public API on the first start. */
export async function ensureCluster(api: PublicApi, aid: string, options: StartOptions): Promise<string> {
  const cid = cidOf(options);
  try {
    await api.post(`/${aid}/clusters`, { cid, name: cid === 'demo' ? 'Demo cluster' : 'Own cluster' });
  } catch (error) {
    if (!(error instanceof ApiRefusal && error.status === 409)) throw error; // 409: from an earlier start
  }
  return cid;
}

/** Builds Kubernetes where it is needed and missing, from now on. Answers how to wait for it: again when it failed. */
export function buildAhead({ options, terminal, signal }: PlaneContext): () => Promise<void> {
  if (options.cluster !== 'demo') return () => Promise.resolve();
  const build = async (): Promise<void> =>
    void (await buildToolbox({ onProgress: terminal.about('kubernetes'), signal }));
  let current: Promise<void> | undefined = build();
  current.catch(() => undefined); // told to whoever awaits it
  return async () => {
    const awaited = current ?? build();
    current = undefined;
    await awaited;
  };
}

/** The administrator's; null without a cluster. */
export function kubeconfigOf({ options, folder }: PlaneContext): string | null {
  if (options.cluster === 'none') return null;
  return options.cluster === 'demo' ? folder.in('kube', 'admin.kubeconfig') : options.cluster.kubeconfig;
}

/** Kubernetes itself: ours, or the one that a kubeconfig names. */
export async function openKubernetes({ options, folder, processes, signal }: PlaneContext): Promise<Kubectl> {
  if (typeof options.cluster === 'object') return Kubectl.with(options.cluster.kubeconfig);
  const nodes = nodeNumbers.map((number) => `node-${number}`);
  const onEvent = (line: string): void => processes.eventOf('kubernetes', line);
  const cluster = await startCluster({ dataDir: folder.in('kube'), persistent: true, nodes, onEvent, signal });
  processes.adoptKubernetes(cluster.components, cluster.stop);
  return new Kubectl(cluster.kubectl, cluster.kubeconfig);
}

/** The demo cluster's nodes; the agents of other nodes run on those. */
export async function runNodeAgents(home: AgentHome, { options, processes }: PlaneContext): Promise<void> {
  if (options.cluster !== 'demo') return;
  await Promise.all(
    nodeNumbers.map((number) =>
      processes.run(`node-agent-${number}`, 'agents', (signal) => startNodeAgent(home, number, signal)),
    ),
  );
}

export async function runClusterAgent(
  home: AgentHome,
  kubectl: Kubectl,
  kubeconfig: string,
  { processes }: PlaneContext,
): Promise<void> {
  await processes.run('cluster-agent', 'agents', (signal) => startClusterAgent(home, kubectl, kubeconfig, signal));
}

/** Resolves when the plane says so. */
export async function clusterConnected({ api, aid, cid }: AgentHome, signal: AbortSignal): Promise<void> {
  const connected = async (): Promise<boolean> =>
    (await api.get<{ status: string }>(`/${aid}/clusters/${cid}`)).status === 'connected';
  const because = (): string => 'The cluster agent is not connected yet, see its log';
  await waitUntil(connected, { deadlineMs: 120_000, everyMs: 200, signal, because });
}
