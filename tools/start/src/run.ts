import { once } from 'node:events';
import { type Kubectl } from '@runos/testing-kube';
import type { Operator } from './account/create-account.js';
import { grantAgentAccess } from './cluster/agent-access.js';
import { AgentManifests } from './cluster/agent-manifests.js';
import { type AgentContext } from './cluster/agents.js';
import { Builds } from './services/builds.js';
import { startControlServer } from './control/control-server.js';
import { type DataFolder } from './data/data-folder.js';
import {
  startKubernetesBuild,
  waitForCluster,
  ensureCluster,
  kubeconfigOf,
  openKubernetes,
  runClusterAgent,
  runNodeAgents,
} from './cluster/demo-cluster.js';
import { type DevInfo, DevFile } from './data/dev-file.js';
import { logFoldersOf, LogRotation } from './data/log-rotation.js';
import { type StartOptions } from './options.js';
import { ensureOwner } from './account/owner.js';
import { Processes } from './control/processes.js';
import { PublicApi } from './account/public-api.js';
import { type PlaneContext, startBalancers, startServices, startStores } from './start-plane.js';
import { ownerUrlOf, type Ports } from './services/services.js';
import { describePlane, suggestCommands, type Terminal } from './terminal.js';
import { chooseNodes, requireRealNodes } from './cluster/demo-nodes.js';
import { runRealCluster, type Step } from './cluster/real-nodes.js';
import { retryUntilDone } from './cluster/retry-until-done.js';
import { upgrade } from './control/upgrade.js';

interface Run {
  readonly options: StartOptions;
  readonly folder: DataFolder;
  readonly terminal: Terminal;
  /** Aborted to stop everything. */
  readonly stop: AbortController;
}

/** Runs everything until `stop` is aborted or the plane cannot be started; returns the exit code. */
export async function runUntilStopped({ options, folder, terminal, stop }: Run): Promise<number> {
  const dev = new DevFile(folder);
  const processes: Processes = new Processes(
    (name, line) => terminal.printAbout(name)(line),
    () => dev.update({ pids: processes.pids() }),
  );
  const ended = once(stop.signal, 'abort');
  const builds = new Builds(options.from);
  const endControl = await startControlServer(folder, processes, (name) =>
    upgrade(name, { builds, dev, folder, processes }),
  );
  const rotation = new LogRotation(logFoldersOf(folder), { onError: terminal.printAbout('logs') });
  const up = startEverything({ options, folder, builds, dev, processes, terminal, signal: stop.signal });
  let code = 0;
  try {
    await Promise.race([up, ended]);
    await ended;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    code = 1;
  }
  stop.abort();
  dev.update({ ready: false, clusterReady: false });
  await processes.stopAll();
  const { cluster } = await up.catch(() => ({ cluster: undefined })); // printed above, unless `stop` is the reason
  await cluster;
  await Promise.all([endControl(), rotation.stop()]);
  return code;
}

/** Resolves when the plane can be used. `cluster` resolves when the cluster is connected, and never rejects. */
async function startEverything(context: PlaneContext): Promise<{ cluster?: Promise<void> }> {
  const { folder, builds, dev, options, terminal } = context;
  const planeSettings = await startStores(context);
  const { secrets, natsUrl, ports, replicaPorts, caFile } = planeSettings;
  const operator: Operator = { natsUrl, natsUser: 'operator', natsPassword: secrets.passwords.operator };
  folder.writeJson('operator.json', operator);
  // The first build takes minutes: it runs at low priority, in parallel with everything else.
  const nodes = options.cluster === 'demo' ? await chooseNodes(context) : null;
  const built = startKubernetesBuild(context, nodes);
  await startBalancers(context, planeSettings);
  await startServices(context, planeSettings);
  const apiUrl = `http://127.0.0.1:${ports.api}`;
  const owner = await ensureOwner(folder, operator);
  const api = new PublicApi(apiUrl, owner.token);
  const { aid, email, password, token } = owner;
  const cid = options.cluster === 'none' ? null : await ensureCluster(api, aid, options);
  const endpoints = { server: '127.0.0.1', register: ports.register, stream: ports.stream, caFile };
  const agentGateway = { register: `127.0.0.1:${ports.register}`, stream: `127.0.0.1:${ports.stream}`, ca: caFile };
  dev.update({
    ready: true,
    apiUrl,
    aid,
    cid,
    email,
    password,
    token,
    kubeconfig: kubeconfigOf(context),
    nodes,
    agentGateway,
    replicas: replicaPorts.map(addressesOf),
    databaseUrl: ownerUrlOf(planeSettings),
  });
  terminal.print(describePlane(dev.current, owner, folder.path));
  if (cid === null) return {};
  const addons = nodes === 'real' ? 'all' : nodes === 'simulated' ? 'crds' : 'none';
  const { environments } = options;
  const agent = { folder, builds, api, aid, cid, endpoints, addons, environments, onOps: dev.addOps } as const;
  return { cluster: connectCluster(context, agent, built) };
}

/** Opens a cluster of simulated nodes, or the user's own, whose agent runs beside it on this machine. */
async function runCluster(agent: AgentContext, context: PlaneContext, step: Step): Promise<Kubectl> {
  const kubectl = await step(() => openKubernetes(context));
  const manifests = new AgentManifests(kubectl, agent.addons !== 'none');
  await step(() => manifests.apply(agent.builds.checkoutOf('cluster-agent')));
  const kubeconfig = await step(() => grantAgentAccess(kubectl, agent.folder.in('cluster-agent'), context.signal));
  await step(() => runClusterAgent(agent, { kubectl, kubeconfig, manifests }, context));
  return kubectl;
}

/** Without its cluster the plane still works and jobs wait: every failed step is printed and retried. */
async function connectCluster(context: PlaneContext, agent: AgentContext, built: () => Promise<void>): Promise<void> {
  const { dev, signal, terminal } = context;
  const print = terminal.printAbout('cluster');
  const step: Step = (action) => retryUntilDone(action, print, signal);
  try {
    const { nodes } = dev.current;
    if (nodes === 'simulated') await step(() => runNodeAgents(agent, context));
    if (nodes === 'real') await step(() => requireRealNodes(context.folder.path));
    await step(built);
    const kubectl =
      nodes === 'real' ? await runRealCluster(agent, context, step) : await runCluster(agent, context, step);
    await step(() => waitForCluster(agent, signal));
    dev.update({ clusterReady: true });
    terminal.print(suggestCommands(dev.current, kubectl.command));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

const addressesOf = ({ api, register, stream }: Ports): DevInfo['replicas'][number] => ({
  apiUrl: `http://127.0.0.1:${api}`,
  register: `127.0.0.1:${register}`,
  stream: `127.0.0.1:${stream}`,
});
