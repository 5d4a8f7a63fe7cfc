import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { buildToolbox } from '../build/build.js';
import type { Target } from './kube-request.js';
import type { ClusterOptions } from './cluster-options.js';
import { startCluster } from './start-cluster.js';

/** A real Kubernetes, with the administrator's access. */
export interface TestCluster extends Target {
  /** The same access as a file, for kubectl. */
  readonly kubeconfig: string;
  /** A kubectl of the cluster's version. */
  readonly kubectl: string;
  /** Stops the cluster when this caller started it. Can be called repeatedly. */
  stop(): Promise<void>;
}

/**
 * The shared cluster of the test run (RUNOS_TEST_KUBECONFIG), or a new one: four seconds, minutes for the first on a
 * machine. Other tests may use it at the same time: use a namespace with a unique name, and remove cluster-scoped
 * objects. Nodes, the StorageClass `local` and the operators' CRDs exist.
 *
 *     const cluster = await useTestCluster();   // in beforeAll, with a generous timeout
 *     await cluster.stop();                     // in afterAll
 */
export async function useTestCluster(): Promise<TestCluster> {
  const given = process.env.RUNOS_TEST_KUBECONFIG;
  if (given) {
    const kubectl = (await buildToolbox()).program('kubectl');
    return { ...readKubeconfig(given), kubeconfig: given, kubectl, stop: async () => undefined };
  }
  return ownCluster();
}

/** A cluster for this test alone, which may break it. Each CRD of an operator delays its start. */
export async function ownCluster(
  options: Pick<ClusterOptions, 'operators'> = {},
): Promise<TestCluster & { readonly components: Components }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'runos-test-kube-'));
  const cluster = await startCluster({ dataDir, ...options });
  let stopped: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    await cluster.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { ...cluster, stop: () => (stopped ??= end()) };
}

type Components = Awaited<ReturnType<typeof startCluster>>['components'];

interface Kubeconfig {
  readonly 'current-context': string;
  readonly contexts: readonly {
    readonly name: string;
    readonly context: { readonly cluster: string; readonly user: string };
  }[];
  readonly clusters: readonly {
    readonly name: string;
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data'?: string };
  }[];
  readonly users: readonly { readonly name: string; readonly user: { readonly token?: string } }[];
}

/**
 * Server, CA and token of a kubeconfig's current context, as in those that `startCluster` writes.
 * @throws Error when the context lacks the server, the CA or a token
 */
export function readKubeconfig(path: string): Target {
  const config = parse(readFileSync(path, 'utf8')) as Kubeconfig;
  const context = config.contexts.find(({ name }) => name === config['current-context'])?.context;
  const cluster = config.clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const token = config.users.find(({ name }) => name === context?.user)?.user.token;
  const ca = cluster?.['certificate-authority-data'];
  if (!cluster || !ca || !token) {
    throw new Error(`${path}: its current context needs a server, certificate-authority-data and a user with a token.`);
  }
  return { server: cluster.server, ca: Buffer.from(ca, 'base64').toString(), token };
}
