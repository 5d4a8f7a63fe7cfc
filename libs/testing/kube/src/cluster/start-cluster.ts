import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { endPreviousProcess, Supervised, waitUntil } from '@runos/testing-process';
import { buildToolbox, type BuildOptions } from '../build/build.js';
import { type Toolbox } from '../build/toolbox.js';
import { writeStages } from '../stages/write-stages.js';
import {
  createNodes,
  createStorageClass,
  installCrds,
  nodeCapacity,
  type Operator,
  operators as knownOperators,
} from './base-objects.js';
import { type ComponentName, componentNames, componentOf, type ClusterPlan } from './component.js';
import {
  ensureCertFolder,
  ensureServiceAccountKey,
  ensureTokens,
  type UserName,
  writeKubeconfig,
} from './identities.js';
import { kubeRequest, type Target } from './kube-request.js';
import { choosePorts } from './ports.js';
import { SimulatedOperators } from './simulated-operators.js';

export interface ClusterOptions extends BuildOptions {
  /** The folder for data, keys, logs and pid files; created when it does not exist. */
  readonly dataDir: string;
  /** Whether data reaches the disk and survives. Default false: for one run. */
  readonly persistent?: boolean;
  /** Names of the Node objects. Default node-1 and node-2. */
  readonly nodes?: readonly string[];
  /** Operators whose CRDs are installed. Default all. */
  readonly operators?: readonly Operator[];
  /** The API server's port; 0 = the previous one on this data, or a free one. */
  readonly port?: number;
  /** Receives one line whenever a component ended unexpectedly or runs again. */
  readonly onEvent?: (line: string) => void;
}

export interface RunningCluster extends Target {
  /** The administrator's kubeconfig, as a file (0600) for kubectl. */
  readonly kubeconfig: string;
  readonly caFile: string;
  /** A kubectl of the same version. */
  readonly kubectl: string;
  /** Each restarts when it ends unexpectedly, and can be stopped and started by a test. */
  readonly components: ReadonlyMap<ComponentName, Supervised>;
  /** Resolves when every process has ended: the API server before etcd, or it would hang. */
  stop(): Promise<void>;
}

/**
 * Starts a real Kubernetes on this machine, without containers: API server, controllers, scheduler, etcd, and kwok in
 * place of kubelets and operators. Resolves when nodes are registered, the default StorageClass exists and the
 * CRDs of the operators are served. Ends the processes of a killed run on the same data. Builds missing programs.
 */
export async function startCluster(options: ClusterOptions): Promise<RunningCluster> {
  const toolbox = await buildToolbox(options);
  const installed = options.operators ?? knownOperators;
  const plan = await planCluster(options, toolbox);
  await endPreviousProcesses(plan);
  const components = new Map(componentNames.map((name) => [name, componentOf(name, plan)]));
  const component = (name: ComponentName): Supervised => components.get(name) as Supervised;
  const stopping = new AbortController();
  const stop = (): Promise<void> => {
    stopping.abort();
    return stopAll(component);
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
    await plan.operators.refresh();
    await component('kwok').start();
    void plan.operators.follow(component('kwok'), stopping.signal, options.onEvent);
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

async function planCluster(options: ClusterOptions, toolbox: Toolbox): Promise<ClusterPlan> {
  const dataDir = resolve(options.dataDir);
  const sub = (name: string): string => join(dataDir, name);
  for (const folder of ['', 'logs', 'pids', 'tmp']) mkdirSync(sub(folder), { recursive: true, mode: 0o700 });
  const { tokens, file: tokenFile } = ensureTokens(dataDir);
  const { folder: certFolder, caFile } = ensureCertFolder(dataDir);
  const ports = await choosePorts(dataDir, options.port);
  const server = `https://127.0.0.1:${ports.api}`;
  const target = (user: UserName = 'admin'): Target => ({
    server,
    ca: readFileSync(caFile, 'utf8'),
    token: tokens[user],
  });
  const kubeconfigs = {
    controllerManager: sub('controller-manager.kubeconfig'),
    scheduler: sub('scheduler.kubeconfig'),
    kwok: sub('kwok.kubeconfig'),
  };
  const stages = writeStages(sub('stages'), toolbox, nodeCapacity);
  const operators = new SimulatedOperators(stages.custom, target);
  const files = {
    etcdData: sub('etcd'),
    certFolder,
    serviceAccountKey: ensureServiceAccountKey(dataDir),
    tokenFile,
    kubeconfigs,
    stages: () => [...stages.builtIn, ...operators.stages()],
  };
  const adminKubeconfig = sub('admin.kubeconfig');
  /** The API server creates its certificate, so kubeconfigs are written after its first start. */
  const writeKubeconfigs = (): void => {
    writeKubeconfig(adminKubeconfig, target());
    for (const user of Object.keys(kubeconfigs) as (keyof typeof kubeconfigs)[])
      writeKubeconfig(kubeconfigs[user], target(user));
  };
  const { persistent = false, onEvent } = options;
  return {
    dataDir,
    toolbox,
    ports,
    files,
    persistent,
    onEvent,
    adminKubeconfig,
    caFile,
    target,
    writeKubeconfigs,
    operators,
  };
}

/** The clients of etcd first, etcd last. */
async function endPreviousProcesses(plan: ClusterPlan): Promise<void> {
  for (const name of [...componentNames].reverse()) await endPreviousProcess(join(plan.dataDir, 'pids', `${name}.pid`));
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

async function nodesReady(target: Target): Promise<void> {
  const ready = async (): Promise<boolean> => {
    const { items } = JSON.parse((await kubeRequest(target, '/api/v1/nodes')).body) as { items: Node[] };
    return (
      items.length > 0 &&
      items.every(({ status }) => status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'))
    );
  };
  await waitUntil(ready, { deadlineMs: 30_000, everyMs: 50, because: () => 'kwok makes no node ready' });
}

/** Pods are refused until the controller-manager has created this account, which shows that it works. */
async function defaultAccountCreated(target: Target): Promise<void> {
  const path = '/api/v1/namespaces/default/serviceaccounts/default';
  const made = async (): Promise<boolean> => (await kubeRequest(target, path)).status === 200;
  await waitUntil(made, { deadlineMs: 60_000, everyMs: 50, because: () => 'the controller-manager makes no accounts' });
}

interface Node {
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}
