import { once } from 'node:events';
import type { Operator } from './account/create-account.js';
import { giveAgentAccess } from './cluster/agent-access.js';
import { type AgentHome } from './cluster/agents.js';
import { Builds } from './services/builds.js';
import { startControlServer } from './control/control-server.js';
import { type DataFolder } from './data/data-folder.js';
import {
  buildAhead,
  clusterConnected,
  ensureCluster,
  kubeconfigOf,
  openKubernetes,
  runClusterAgent,
  runNodeAgents,
} from './cluster/demo-cluster.js';
import { type Dev, DevFile } from './data/dev-file.js';
import { type StartOptions } from './options.js';
import { ensureOwner } from './account/owner.js';
import { Processes } from './control/processes.js';
import { PublicApi } from './account/public-api.js';
import { type PlaneContext, startBalancers, startServices, startStores } from './start-plane.js';
import { ownerUrlOf, type Ports } from './services/services.js';
import { type Terminal } from './terminal.js';
import { untilDone } from './cluster/retry-until-done.js';
import { upgrade } from './control/upgrade.js';
import { howToGoOn, whereEverythingIs } from './welcome.js';

interface Run {
  readonly options: StartOptions;
  readonly folder: DataFolder;
  readonly terminal: Terminal;
  /** Aborted by whoever wants everything to end. */
  readonly stop: AbortController;
}

/** Everything, until `stop` is aborted or the plane cannot be started; answers the exit code. */
export async function runUntilStopped({ options, folder, terminal, stop }: Run): Promise<number> {
  const dev = new DevFile(folder);
  const processes: Processes = new Processes(
    (name, line) => terminal.about(name)(line),
    () => dev.update({ pids: processes.pids() }),
  );
  const ended = once(stop.signal, 'abort');
  const builds = new Builds(options.from);
  const endControl = await startControlServer(folder, processes, (name) =>
    upgrade(name, { builds, dev, folder, processes }),
  );
  const up = bringUp({ options, folder, builds, dev, processes, terminal, signal: stop.signal });
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
  const { cluster } = await up.catch(() => ({ cluster: undefined })); // told above, unless our end is the reason
  await cluster;
  await endControl();
  return code;
}

/** Resolves when the plane can be used; its cluster follows by itself, and `cluster` never rejects. */
async function bringUp(context: PlaneContext): Promise<{ cluster?: Promise<void> }> {
  const { folder, builds, dev, options, terminal } = context;
  const surroundings = await startStores(context);
  const { secrets, natsUrl, ports, replicaPorts, caFile } = surroundings;
  const operator: Operator = { natsUrl, natsUser: 'operator', natsPassword: secrets.passwords.operator };
  folder.writeJson('operator.json', operator);
  // Minutes, the first time: at low priority and beside everything else.
  const built = buildAhead(context);
  await startBalancers(context, surroundings);
  await startServices(context, surroundings);
  const apiUrl = `http://127.0.0.1:${ports.api}`;
  const owner = await ensureOwner(folder, operator);
  const api = new PublicApi(apiUrl, owner.token);
  const { aid, email, password, token } = owner;
  const cid = options.cluster === 'none' ? null : await ensureCluster(api, aid, options);
  const doors = { server: '127.0.0.1', register: ports.register, stream: ports.stream, caFile };
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
    agentGateway,
    replicas: replicaPorts.map(addressesOf),
    databaseUrl: ownerUrlOf(surroundings),
  });
  terminal.say(whereEverythingIs(dev.now, owner, folder.path));
  if (cid === null) return {};
  return { cluster: connectCluster(context, { folder, builds, api, aid, cid, doors, onOps: dev.addOps }, built) };
}

/** A cluster that does not come does not fail the plane: it is told, jobs for it wait, and every step is tried again. */
async function connectCluster(context: PlaneContext, home: AgentHome, built: () => Promise<void>): Promise<void> {
  const { dev, signal, terminal } = context;
  const tell = terminal.about('cluster');
  const step = <T>(action: () => Promise<T>): Promise<T> => untilDone(action, tell, signal);
  try {
    await step(() => runNodeAgents(home, context));
    await step(built);
    const kubectl = await step(() => openKubernetes(context));
    const kubeconfig = await step(() => giveAgentAccess(kubectl, home.folder.in('cluster-agent'), signal));
    await step(() => runClusterAgent(home, kubectl, kubeconfig, context));
    await step(() => clusterConnected(home, signal));
    dev.update({ clusterReady: true });
    terminal.say(howToGoOn(dev.now, kubectl.command));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

const addressesOf = ({ api, register, stream }: Ports): Dev['replicas'][number] => ({
  apiUrl: `http://127.0.0.1:${api}`,
  register: `127.0.0.1:${register}`,
  stream: `127.0.0.1:${stream}`,
});
