import { type Supervised } from '@runos/testing-process';
import { buildToolbox } from '../build/build.js';
import { SimulatedOperators } from '../operators/simulated-operators.js';
import { writeStages } from '../stages/write-stages.js';
import { createNodes, createStorageClass, installCrds, operators as knownOperators } from './base-objects.js';
import type { ClusterOptions } from './cluster-options.js';
import { defaultAccountCreated, endPreviousProcesses, nodesReady, planCluster } from './cluster-plan.js';
import { type ComponentName, componentNames, componentOf } from './component.js';
import { type Target } from './kube-request.js';

export interface RunningCluster extends Target {
  /** The administrator's kubeconfig, as a file (0600) for kubectl. */
  readonly kubeconfig: string;
  readonly caFile: string;
  /** A kubectl of the same version. */
  readonly kubectl: string;
  /** Each restarts when it ends unexpectedly, and can be stopped and started by a test. */
  readonly components: ReadonlyMap<string, Supervised>;
  /** Resolves when every process has ended: the API server before etcd, or it would hang. */
  stop(): Promise<void>;
}

/**
 * Starts a real Kubernetes on this machine, without containers: API server, controllers, scheduler, etcd, kwok in
 * place of kubelets, and operators that this process plays. Resolves when nodes are registered, the default StorageClass exists and the
 * CRDs of the operators are served. Ends the processes of a killed run on the same data. Builds missing programs.
 */
export async function startCluster(options: ClusterOptions): Promise<RunningCluster> {
  const toolbox = await buildToolbox(options);
  const installed = options.operators ?? knownOperators;
  const plan = await planCluster(options, toolbox, { stages: (folder) => writeStages(folder, toolbox) });
  const operators = new SimulatedOperators(plan.target, options.onEvent);
  await endPreviousProcesses(plan);
  const components = new Map(componentNames.map((name) => [name as string, componentOf(name, plan)]));
  const component = (name: ComponentName): Supervised => components.get(name) as Supervised;
  const stop = async (): Promise<void> => {
    await operators.stop();
    await stopAll(component);
  };
  const stopOnAbort = (): void => void stop().catch(() => undefined); // the interrupted start throws
  options.signal?.addEventListener('abort', stopOnAbort, { once: true });
  try {
    options.signal?.throwIfAborted();
    await component('etcd').start();
    await component('kube-apiserver').start();
    const target = plan.target();
    await Promise.all([
      component('kube-controller-manager').start(),
      component('kube-scheduler').start(),
      installCrds(target, toolbox, installed),
      createStorageClass(target),
      createNodes(target, options.nodes ?? ['node-1', 'node-2']),
    ]);
    await component('kwok').start();
    operators.start();
    await Promise.all([nodesReady(target), defaultAccountCreated(target)]);
    return {
      ...target,
      kubeconfig: plan.adminKubeconfig,
      caFile: plan.caFile,
      kubectl: toolbox.program('kubectl'),
      components,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', stopOnAbort);
  }
}

async function stopAll(component: (name: ComponentName) => Supervised): Promise<void> {
  await Promise.all([
    component('kwok').stop(),
    component('kube-scheduler').stop(),
    component('kube-controller-manager').stop(),
  ]);
  await component('kube-apiserver').stop();
  await component('etcd').stop();
}
