import { existsSync, mkdirSync } from 'node:fs';
import { type Setting } from '@runos/config';
import getPort from 'get-port';
import { type Running } from '@runos/testing-process';
import { type Builds } from '../services/builds.js';
import { type DataFolder } from '../data/data-folder.js';
import { type Kubectl } from './kubectl.js';
import { type PublicApi } from '../account/public-api.js';
import { startProgram } from '../services/start-service.js';

/** Where agents register and stream, and what they check the door against. */
export interface AgentDoors {
  readonly server: string;
  readonly register: number;
  readonly stream: number;
  readonly caFile: string;
}

export interface AgentHome {
  readonly folder: DataFolder;
  readonly builds: Builds;
  readonly api: PublicApi;
  readonly aid: string;
  readonly cid: string;
  readonly doors: AgentDoors;
  /** Hears where health and metrics are, before each start. */
  readonly onOps: (name: string, url: string) => void;
}

const common = ({ aid, doors }: AgentHome): Record<string, Setting> => ({
  aid,
  server: doors.server,
  registerPort: doors.register,
  streamPort: doors.stream,
  ca: doors.caFile,
});

/** A single-use token through the public API, as the install command would carry it. */
async function registrationToken({ api, aid, cid }: AgentHome, purpose: 'node' | 'cluster-agent'): Promise<string> {
  const path = `/${aid}/clusters/${cid}/registration-tokens`;
  return (await api.post<{ token: string }>(path, { purpose })).token;
}

/** A node agent with a machine of its own; it registers when it has no certificate yet. */
export async function startNodeAgent(home: AgentHome, number: number, signal: AbortSignal): Promise<Running> {
  const name = `node-agent-${number}`;
  const state = home.folder.in(name);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const token = existsSync(home.folder.in(name, 'tls.crt')) ? undefined : await registrationToken(home, 'node');
  const settings = { ...common(home), state, token, machineId: `demo-node-${number}` };
  return startProgram({ name, app: 'node-agent', folder: home.folder, builds: home.builds, signal, settings });
}

/** The cluster agent with its own access to Kubernetes; its certificate lives there. */
export async function startClusterAgent(
  home: AgentHome,
  kubectl: Kubectl,
  kubeconfig: string,
  signal: AbortSignal,
): Promise<Running> {
  const secret = ['get', 'secret', 'cluster-agent-tls', '--namespace=runos', '--ignore-not-found', '-o', 'name'];
  const registered = (await kubectl.run(secret)).trim() !== '';
  const token = registered ? undefined : await registrationToken(home, 'cluster-agent');
  // Always the same holder: it need not wait for its own lease of the last run.
  const opsPort = await getPort({ host: '127.0.0.1' });
  home.onOps('cluster-agent', `http://127.0.0.1:${opsPort}`);
  const settings = { ...common(home), kubeconfig, token, holder: 'npm-start', opsPort };
  return startProgram({ name: 'cluster-agent', folder: home.folder, builds: home.builds, signal, settings });
}
