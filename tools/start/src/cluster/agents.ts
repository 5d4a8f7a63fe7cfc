import { existsSync, mkdirSync } from 'node:fs';
import { type Setting } from '@runos/config';
import { freePort } from '../services/free-port.js';
import { type KubeNode, type Kubectl } from '@runos/testing-kube';
import { type Running } from '@runos/testing-process';
import { type Builds } from '../services/builds.js';
import { type DataFolder } from '../data/data-folder.js';
import { clusterAgentName, nodeAgentName, type StartOptions } from '../options.js';
import { type AgentManifests } from './agent-manifests.js';
import { type PublicApi } from '../account/public-api.js';
import { planeName } from '../services/services.js';
import { startProgram } from '../services/start-service.js';

/** The endpoints for registration and streams, and the CA against which agents verify the first. */
export interface AgentEndpoints {
  readonly server: string;
  readonly register: number;
  readonly stream: number;
  readonly caFile: string;
}

export interface AgentContext {
  readonly folder: DataFolder;
  readonly builds: Builds;
  readonly api: PublicApi;
  readonly aid: string;
  readonly cid: string;
  readonly endpoints: AgentEndpoints;
  /** What the cluster agent may install. No operator can run on simulated nodes. */
  readonly addons: 'none' | 'crds' | 'all';
  /** Additional environment variables of each agent, by its name. */
  readonly environments: StartOptions['environments'];
  /** Called before each start with the address of health and metrics. */
  readonly onOps: (name: string, url: string) => void;
}

const commonSettings = ({ aid, endpoints }: AgentContext, server = endpoints.server): Record<string, Setting> => ({
  aid,
  server,
  registerPort: endpoints.register,
  streamPort: endpoints.stream,
  ca: endpoints.caFile,
});

/** Creates a single-use token through the public API, as the install command carries it. */
export function registrationToken(
  { api, aid, cid }: AgentContext,
  purpose: 'node' | 'cluster-agent',
): Promise<RegistrationToken> {
  return api.post<RegistrationToken>(`/${aid}/clusters/${cid}/registration-tokens`, { purpose });
}

interface RegistrationToken {
  readonly token: string;
  /** The fingerprint of the CA that the agent verifies at its registration. */
  readonly caSha256: string;
}

/**
 * Starts a node agent with its own machine id, in a real node or beside the simulated ones. It registers when it has no
 * certificate yet.
 */
export async function startNodeAgent(
  context: AgentContext,
  number: number,
  signal: AbortSignal,
  node?: KubeNode,
): Promise<Running> {
  const name = nodeAgentName(number);
  const state = context.folder.in(name);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const token = existsSync(context.folder.in(name, 'tls.crt'))
    ? undefined
    : (await registrationToken(context, 'node')).token;
  // The nodes of a demo share the machine id of this machine, so each agent has the name of its Kubernetes node.
  const settings = { ...commonSettings(context, node && planeName), state, token, machineId: `node-${number}` };
  const { folder, builds, environments } = context;
  return startProgram({
    name,
    app: 'node-agent',
    folder,
    builds,
    signal,
    settings,
    environment: environments[name],
    node,
  });
}

/** The administrator's kubectl, the kubeconfig of the agent, and its manifests in the cluster. */
export interface KubernetesAccess {
  readonly kubectl: Kubectl;
  readonly kubeconfig: string;
  readonly manifests: AgentManifests;
}

/** Starts the cluster agent with its own access to Kubernetes, where its certificate is stored. */
export async function startClusterAgent(
  context: AgentContext,
  { kubectl, kubeconfig, manifests }: KubernetesAccess,
  signal: AbortSignal,
): Promise<Running> {
  await manifests.apply(context.builds.checkoutOf('cluster-agent')); // an upgraded agent comes with its manifests
  const secret = ['get', 'secret', 'cluster-agent-tls', '--namespace=runos', '--ignore-not-found', '-o', 'name'];
  const isRegistered = (await kubectl.run(secret)).trim() !== '';
  const token = isRegistered ? undefined : (await registrationToken(context, 'cluster-agent')).token;
  // A constant lease holder: the agent need not wait for the lease of its previous run to expire.
  const opsPort = await freePort();
  context.onOps('cluster-agent', `http://127.0.0.1:${opsPort}`);
  const settings = {
    ...commonSettings(context),
    kubeconfig,
    token,
    holder: 'npm-start',
    opsPort,
    addons: context.addons,
  };
  const { folder, builds, environments } = context;
  const environment = environments[clusterAgentName];
  return startProgram({ name: clusterAgentName, folder, builds, signal, settings, environment });
}
