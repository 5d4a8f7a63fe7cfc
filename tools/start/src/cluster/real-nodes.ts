import { clusterAgentImage, imagesFor, operatorReference, provideImages, serviceImages } from '@runos/testing-images';
import { buildNodePrograms, type BuildOptions, type RealCluster, startRealCluster, Kubectl } from '@runos/testing-kube';
import { nodeAgentName } from '../options.js';
import { startBalancer } from '../services/balancer.js';
import { planeName } from '../services/services.js';
import { type PlaneContext } from '../start-plane.js';
import { AgentManifests } from './agent-manifests.js';
import { deployClusterAgent } from './agent-pod.js';
import { type AgentContext, startNodeAgent } from './agents.js';

/** Runs one step of a start, and repeats it until it succeeds. */
export type Step = <T>(action: () => Promise<T>) => Promise<T>;

/** Builds the programs of nodes, and the images that no registry serves here: minutes once per machine. */
export async function buildRealNodes(options: BuildOptions): Promise<void> {
  await buildNodePrograms(options);
  await clusterAgentImage(options);
  await imagesFor(await usualImages(), await withOperator(options));
}

/** Starts the demo cluster with real nodes: node agents run in the nodes, and the cluster agent in a pod. */
export async function runRealCluster(agent: AgentContext, context: PlaneContext, step: Step): Promise<Kubectl> {
  const { signal, terminal } = context;
  const cluster = await step(() => startNodes(context));
  const kubectl = new Kubectl(cluster.kubectl, cluster.kubeconfig);
  await step(() => forwardAgentPorts(agent, cluster, context));
  await step(() => runNodeAgents(agent, cluster, context));
  const manifests = new AgentManifests(kubectl, agent.addons !== 'none');
  await step(() => manifests.apply(agent.builds.checkoutOf('cluster-agent')));
  const { reference, archive } = await step(() => clusterAgentImage({ signal }));
  await step(() => cluster.importImages([archive]));
  await step(() => deployClusterAgent(agent, kubectl, reference));
  await addImages(cluster, { onProgress: terminal.printAbout('images'), signal }, step);
  return kubectl;
}

async function startNodes({ folder, processes, terminal, signal }: PlaneContext): Promise<RealCluster> {
  const onEvent = (line: string): void => processes.reportEvent('kubernetes', line);
  const dataDir = folder.in('kube');
  const cluster = await startRealCluster({ dataDir, persistent: true, hostNames: [planeName], onEvent, signal });
  processes.addKubernetes(cluster.components, cluster.stop);
  const { volumeLimits } = cluster;
  if (!volumeLimits.possible) terminal.printAbout('cluster')(`Volumes have no size limit: ${volumeLimits.reason}.`);
  return cluster;
}

/** The agent gateway listens on the loopback address alone; nodes and pods dial the machine's address on their network. */
async function forwardAgentPorts(
  { endpoints }: AgentContext,
  { hostAddress }: RealCluster,
  { processes }: PlaneContext,
): Promise<void> {
  const forward = (port: number) => startBalancer(port, [port], hostAddress);
  const [register, stream] = await Promise.all([forward(endpoints.register), forward(endpoints.stream)]);
  processes.addBalancers({ 'register-nodes': register, 'stream-nodes': stream });
}

async function runNodeAgents(agent: AgentContext, { nodes }: RealCluster, { processes }: PlaneContext): Promise<void> {
  await Promise.all(
    nodes.map((node, index) =>
      processes.run(nodeAgentName(index + 1), 'agents', (signal) => startNodeAgent(agent, index + 1, signal, node)),
    ),
  );
}

/** The images without which the demo is of no use: those of the add-ons, and of each type at least one version. */
async function usualImages(): Promise<string[]> {
  return [await operatorReference(), ...serviceImages().flatMap(({ make, reference }) => (make ? [reference] : []))];
}

/** Images that only a registry has. Nodes cannot pull them themselves, because they have no way out. */
const otherImages = (): string[] => serviceImages().flatMap(({ make, reference }) => (make ? [] : [reference]));

const withOperator = async (options: BuildOptions) => ({
  ...options,
  operatorProgram: (await buildNodePrograms(options)).program('manager'),
});

/** The usual images are there before their first pod: a registry may be slow, and the machine may have none. */
async function addImages(cluster: RealCluster, options: BuildOptions, step: Step): Promise<void> {
  await step(async () => provideImages(cluster, await usualImages(), await withOperator(options)));
  const others = step(() => provideImages(cluster, otherImages(), options));
  others.catch(() => undefined); // the plane is stopping; every other failure is printed and retried
}
