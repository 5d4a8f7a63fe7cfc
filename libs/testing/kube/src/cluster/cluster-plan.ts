import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { endPreviousProcess, waitUntil } from '@runos/testing-process';
import { type Toolbox } from '../build/toolbox.js';
import type { ClusterOptions } from './cluster-options.js';
import { componentNames, type ClusterPlan } from './component.js';
import { type ClusterFiles } from './component-args.js';
import {
  ensureCertFolder,
  ensureServiceAccountKey,
  ensureTokens,
  type UserName,
  writeKubeconfig,
} from './identities.js';
import { kubeRequest, type Target } from './kube-request.js';
import { choosePorts } from './ports.js';

/** What the caller adds to the files of every cluster. */
interface OwnFiles extends Pick<ClusterFiles, 'nodeAccess'> {
  /** Writes the stages of kwok into a folder, and returns their files. Default: none. */
  readonly stages?: (folder: string) => string[];
}

/** Creates the folders, keys and tokens of a cluster, or reads those of an earlier start, and chooses its ports. */
export async function planCluster(
  options: Pick<ClusterOptions, 'dataDir' | 'persistent' | 'port' | 'onEvent'>,
  toolbox: Toolbox,
  { nodeAccess, stages = () => [] }: OwnFiles,
): Promise<ClusterPlan> {
  const dataDir = resolve(options.dataDir);
  const sub = (name: string): string => join(dataDir, name);
  for (const folder of ['', 'logs', 'pids', 'tmp']) mkdirSync(sub(folder), { recursive: true, mode: 0o700 });
  const { tokens, file: tokenFile } = ensureTokens(dataDir);
  const certificates = ensureCertFolder(dataDir);
  const caFile = nodeAccess?.caFile ?? certificates.caFile;
  const ports = await choosePorts(dataDir, options.port, nodeAccess && { host: nodeAccess.address, usual: 6443 });
  const server = `https://${nodeAccess?.address ?? '127.0.0.1'}:${ports.api}`;
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
    nodeAccess,
    certFolder: certificates.folder,
    serviceAccountKey: ensureServiceAccountKey(dataDir),
    tokenFile,
    kubeconfigs,
    stages: stages(sub('stages')),
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
  };
}

/** Ends what a killed run left on the same data: the clients of etcd first, etcd last. */
export async function endPreviousProcesses(plan: ClusterPlan): Promise<void> {
  for (const name of [...componentNames].reverse()) await endPreviousProcess(join(plan.dataDir, 'pids', `${name}.pid`));
}

/** Resolves when there are nodes and all of them are ready. @throws Error after a minute */
export async function nodesReady(target: Target): Promise<void> {
  const isReady = async (): Promise<boolean> => {
    const { items } = JSON.parse((await kubeRequest(target, '/api/v1/nodes')).body) as { items: Node[] };
    return (
      items.length > 0 &&
      items.every(({ status }) => status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'))
    );
  };
  await waitUntil(isReady, { everyMs: 50, because: () => 'kwok makes no node ready' });
}

/** Pods are refused until the controller-manager has created this account, which shows that it works. */
export async function defaultAccountCreated(target: Target): Promise<void> {
  const path = '/api/v1/namespaces/default/serviceaccounts/default';
  const made = async (): Promise<boolean> => (await kubeRequest(target, path)).status === 200;
  await waitUntil(made, { everyMs: 50, because: () => 'the controller-manager makes no accounts' });
}

interface Node {
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}
