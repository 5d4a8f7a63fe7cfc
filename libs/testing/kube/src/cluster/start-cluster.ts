import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { endPreviousProcess, Supervised, waitUntil } from '@runos/testing-process';
import { buildToolbox, type BuildOptions } from '../build/build.js';
import { type Toolbox } from '../build/toolbox.js';
import { writeStages } from '../stages/write-stages.js';
import { createNodes, createStorageClass, installCrds, nodeRoom } from './base-objects.js';
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

export interface ClusterOptions extends BuildOptions {
  /** Everything the cluster is: data, keys, logs, pid files. Made when it does not exist. */
  readonly dataDir: string;
  /** true: data reaches the disk and survives. false: for one run. Default false. */
  readonly persistent?: boolean;
  /** Names of the Node objects. Default node-1 and node-2. */
  readonly nodes?: readonly string[];
  /** Of the API server; 0 = that of the last time on this data, else a free one. */
  readonly port?: number;
  /** One line whenever a component ended unasked or runs again. */
  readonly onEvent?: (line: string) => void;
}

export interface RunningCluster extends Target {
  /** The administrator's, as a file (0600) for kubectl. */
  readonly kubeconfig: string;
  readonly caFile: string;
  /** A kubectl of the same version. */
  readonly kubectl: string;
  /** Each is started again when it ends unasked, and can be stopped and started on purpose. */
  readonly components: ReadonlyMap<ComponentName, Supervised>;
  /** Resolves when every process is gone: the API server before etcd, or it would hang on it. */
  stop(): Promise<void>;
}

/**
 * A real Kubernetes on this machine, without containers: API server, controllers, scheduler, etcd, and kwok in the
 * place of kubelets and operators. Resolves when nodes are registered, the default StorageClass is there and the
 * operators' CRDs are served. Ends what a killed run left on the same data. Builds the programs when they are missing.
 */
export async function startCluster(options: ClusterOptions): Promise<RunningCluster> {
  const toolbox = await buildToolbox(options);
  const plan = await planCluster(options, toolbox);
  await endLeftovers(plan);
  const components = new Map(componentNames.map((name) => [name, componentOf(name, plan)]));
  const component = (name: ComponentName): Supervised => components.get(name) as Supervised;
  const stop = (): Promise<void> => stopAll(component);
  const giveUp = (): void => void stop().catch(() => undefined); // the start that it interrupts throws
  options.signal?.addEventListener('abort', giveUp, { once: true });
  try {
    options.signal?.throwIfAborted();
    await component('etcd').start();
    await component('kube-apiserver').start();
    const target = plan.target();
    await Promise.all([
      component('kube-controller-manager').start(),
      component('kube-scheduler').start(),
      installCrds(target, toolbox),
      createStorageClass(target),
      createNodes(target, options.nodes ?? ['node-1', 'node-2']),
    ]);
    await component('kwok').start();
    await Promise.all([nodesReady(target), defaultAccountMade(target)]);
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
    options.signal?.removeEventListener('abort', giveUp);
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
  const files = {
    etcdData: sub('etcd'),
    certFolder,
    serviceAccountKey: ensureServiceAccountKey(dataDir),
    tokenFile,
    kubeconfigs,
    stages: writeStages(sub('stages'), toolbox, nodeRoom),
  };
  const adminKubeconfig = sub('admin.kubeconfig');
  /** The certificate is the API server's to make, so kubeconfigs follow its first start. */
  const writeKubeconfigs = (): void => {
    writeKubeconfig(adminKubeconfig, target());
    for (const user of Object.keys(kubeconfigs) as (keyof typeof kubeconfigs)[])
      writeKubeconfig(kubeconfigs[user], target(user));
  };
  const { persistent = false, onEvent } = options;
  return { dataDir, toolbox, ports, files, persistent, onEvent, adminKubeconfig, caFile, target, writeKubeconfigs };
}

/** Whoever uses etcd first, etcd last. */
async function endLeftovers(plan: ClusterPlan): Promise<void> {
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

/** Pods of the default namespace are refused until the controller-manager has made it: the sign that it works. */
async function defaultAccountMade(target: Target): Promise<void> {
  const path = '/api/v1/namespaces/default/serviceaccounts/default';
  const made = async (): Promise<boolean> => (await kubeRequest(target, path)).status === 200;
  await waitUntil(made, { deadlineMs: 60_000, everyMs: 50, because: () => 'the controller-manager makes no accounts' });
}

interface Node {
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}
