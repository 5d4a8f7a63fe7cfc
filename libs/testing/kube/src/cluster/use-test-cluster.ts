import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildToolbox } from '../build/build.js';
import type { Target } from './kube-request.js';
import { readKubeconfig } from './read-kubeconfig.js';
import { startCluster } from './start-cluster.js';

/** A real Kubernetes, as its administrator. */
export interface TestCluster extends Target {
  /** The same access as a file, for kubectl. */
  readonly kubeconfig: string;
  /** A kubectl of the cluster's version. */
  readonly kubectl: string;
  /** Ends the cluster when it was started for this caller, lets go of it otherwise. Any number of calls. */
  stop(): Promise<void>;
}

/**
 * The cluster that the test run started for everybody (RUNOS_TEST_KUBECONFIG), else one of our own: four seconds,
 * minutes the very first time on a machine. Others may be using it: work in a namespace of your own with a name
 * nobody else has, and remove what is not in it. Nodes, the StorageClass `local` and the operators' CRDs are there.
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

/** A cluster that nobody else uses, for tests that break it. */
export async function ownCluster(): Promise<TestCluster & { readonly components: Components }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'runos-test-kube-'));
  const cluster = await startCluster({ dataDir });
  let stopped: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    await cluster.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { ...cluster, stop: () => (stopped ??= end()) };
}

type Components = Awaited<ReturnType<typeof startCluster>>['components'];
