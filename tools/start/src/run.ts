import { once } from 'node:events';
import { type AgentHome } from './agents.js';
import { startControlServer } from './control-server.js';
import { type DataFolder } from './data-folder.js';
import { ensureCluster, openKubernetes, runClusterAgent, runNodeAgents } from './demo-cluster.js';
import { DevFile } from './dev-file.js';
import { type Kubectl } from './kubectl.js';
import { type StartOptions } from './options.js';
import { ensureOwner } from './owner.js';
import { Processes } from './processes.js';
import { PublicApi } from './public-api.js';
import { type PlaneContext, startPlane, type StartedPlane } from './start-plane.js';
import { type Terminal } from './terminal.js';
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
  const context: PlaneContext = { options, folder, processes, terminal, signal: stop.signal };
  const ended = once(stop.signal, 'abort');
  const endControl = await startControlServer(folder, processes);
  // Kubernetes takes minutes the first time: it comes up beside the plane, which does not wait for it.
  const kubernetes = options.cluster === 'none' ? undefined : openKubernetes(context);
  kubernetes?.catch(() => undefined); // told below, once somebody needs it
  let code = 0;
  const served = startPlane(context).then((plane) => serve(context, plane, dev, kubernetes));
  try {
    await Promise.race([served, ended]);
    await ended;
  } catch (error) {
    if (!stop.signal.aborted) {
      process.stderr.write(`${(error as Error).message}\n`);
      code = 1;
    }
  }
  stop.abort();
  dev.update({ ready: false, clusterReady: false });
  await kubernetes?.catch(() => undefined);
  await processes.stopAll();
  await served.catch(() => undefined); // told above, unless our end is the reason
  await endControl();
  return code;
}

/** Account, cluster and agents; resolves when the plane can be used, the cluster follows by itself. */
async function serve(
  context: PlaneContext,
  plane: StartedPlane,
  dev: DevFile,
  kubernetes?: Promise<Kubectl>,
): Promise<void> {
  const { folder, options, terminal } = context;
  const { api: port, register, stream } = plane.ports;
  const apiUrl = `http://127.0.0.1:${port}`;
  const owner = await ensureOwner(folder, plane.operator);
  const api = new PublicApi(apiUrl, owner.token);
  const { aid, email, password, token } = owner;
  const agentGateway = { register: `127.0.0.1:${register}`, stream: `127.0.0.1:${stream}`, ca: plane.caFile };
  const cid = kubernetes ? await ensureCluster(api, aid, options) : null;
  const kubeconfig =
    typeof options.cluster === 'object'
      ? options.cluster.kubeconfig
      : kubernetes
        ? folder.in('kube/admin.kubeconfig')
        : null;
  dev.update({ ready: true, apiUrl, aid, cid, email, password, token, kubeconfig, agentGateway });
  terminal.say(whereEverythingIs(dev.now, owner, folder.path));
  if (!kubernetes || cid === null) return;
  const doors = { server: '127.0.0.1', register, stream, caFile: plane.caFile };
  void connectCluster(context, { folder, api, aid, cid, doors }, kubernetes, dev);
}

/** Never fails the plane: a cluster that does not come is told, and jobs for it wait. */
async function connectCluster(
  context: PlaneContext,
  home: AgentHome,
  kubernetes: Promise<Kubectl>,
  dev: DevFile,
): Promise<void> {
  const { signal, terminal } = context;
  try {
    await runNodeAgents(home, context);
    const kubectl = await kubernetes;
    await runClusterAgent(home, kubectl, context);
    dev.update({ clusterReady: true });
    terminal.say(howToGoOn(dev.now, kubectl.command));
  } catch (error) {
    if (!signal.aborted) terminal.about('demo cluster')(`${(error as Error).message}; jobs for it wait.`);
  }
}
