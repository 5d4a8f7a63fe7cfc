import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntilReady, type Running, startChild, Supervised, waitUntil } from '@runos/testing-process';
import { type ProgramName } from '../build/recipe.js';
import { type Toolbox } from '../build/toolbox.js';
import {
  apiServerArgs,
  type ClusterFiles,
  controllerManagerArgs,
  etcdArgs,
  etcdUrl,
  kwokArgs,
  schedulerArgs,
} from './component-args.js';
import { type UserName } from './identities.js';
import { kubeRequest, type Target } from './kube-request.js';
import { type Ports } from './ports.js';

/** The control plane, in start order. */
export const controlPlaneNames = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;
/** All components of a cluster with simulated nodes, in start order. */
export const componentNames = [...controlPlaneNames, 'kwok'] as const;
export type ComponentName = (typeof componentNames)[number] & ProgramName;

export interface ClusterPlan {
  readonly dataDir: string;
  readonly toolbox: Toolbox;
  readonly ports: Ports;
  readonly files: ClusterFiles;
  readonly persistent: boolean;
  readonly onEvent?: (line: string) => void;
  readonly adminKubeconfig: string;
  readonly caFile: string;
  /** Valid once the API server has created its certificate. */
  target(user?: UserName): Target;
  writeKubeconfigs(): void;
}

interface Component {
  readonly args: (plan: ClusterPlan) => string[];
  readonly ready?: (plan: ClusterPlan, signal: AbortSignal) => Promise<void>;
  readonly deathSignal: NodeJS.Signals;
}

/** Only etcd has data to lose at a kill; an API server that outlives etcd hangs. */
const components: Record<ComponentName, Component> = {
  etcd: { args: (plan) => etcdArgs(plan.files, plan.ports, plan.persistent), ready: etcdReady, deathSignal: 'SIGTERM' },
  'kube-apiserver': { args: (plan) => apiServerArgs(plan.files, plan.ports), ready: apiReady, deathSignal: 'SIGKILL' },
  'kube-controller-manager': { args: (plan) => controllerManagerArgs(plan.files), deathSignal: 'SIGKILL' },
  'kube-scheduler': { args: (plan) => schedulerArgs(plan.files), deathSignal: 'SIGKILL' },
  kwok: { args: (plan) => kwokArgs(plan.files), deathSignal: 'SIGKILL' },
};

/** A component of a cluster, supervised and not started yet. */
export const componentOf = (name: ComponentName, plan: ClusterPlan): Supervised =>
  new Supervised(name, (signal) => startComponent(name, plan, signal), { onEvent: plan.onEvent });

async function startComponent(name: ComponentName, plan: ClusterPlan, signal: AbortSignal): Promise<Running> {
  const { args, ready, deathSignal } = components[name];
  const child = await startChild({
    name,
    command: plan.toolbox.program(name),
    args: args(plan),
    cwd: plan.dataDir,
    // The provisioner creates the folders of its volumes below TMPDIR.
    env: { PATH: process.env.PATH, HOME: plan.dataDir, TMPDIR: join(plan.dataDir, 'tmp') },
    logFile: join(plan.dataDir, 'logs', `${name}.log`),
    pidFile: join(plan.dataDir, 'pids', `${name}.pid`),
    deathSignal,
  });
  if (ready) await waitUntilReady(child, (until) => ready(plan, until), signal);
  return { ...child, stop: () => child.stop(plan.persistent ? { graceMs } : { signal: 'SIGKILL' }) };
}

/** API server and etcd end one after the other, within ten seconds. A temporary cluster is killed at once. */
const graceMs = 4_000;

async function etcdReady(plan: ClusterPlan, signal: AbortSignal): Promise<void> {
  await waitForAnswer('etcd', signal, async () => (await fetch(`${etcdUrl(plan.ports)}/health`)).ok);
}

/** This hook compares a hundred roles at every start; with existing roles, the API server serves long before it ends. */
const roleReconciliation = 'poststarthook/rbac/bootstrap-roles';

async function apiReady(plan: ClusterPlan, signal: AbortSignal): Promise<void> {
  const wasReady = existsSync(plan.adminKubeconfig); // an earlier start has created the roles in this data
  const path = wasReady ? `/readyz?exclude=${roleReconciliation}` : '/readyz';
  await waitForAnswer('kube-apiserver', signal, async () => {
    if (!existsSync(plan.caFile)) return false;
    return (await kubeRequest(plan.target(), path, { deadlineMs: 5_000 })).status === 200;
  });
  plan.writeKubeconfigs();
}

/** Retries after a refused connection. A start takes seconds, and far more on a machine that is building. */
function waitForAnswer(name: string, signal: AbortSignal, ok: () => Promise<boolean>): Promise<void> {
  let last = 'no answer';
  const isReady = (): Promise<boolean> =>
    ok().catch((error: Error) => {
      last = error.message;
      return false;
    });
  return waitUntil(isReady, {
    deadlineMs: 120_000,
    everyMs: 50,
    signal,
    because: () => `${name} is not ready after two minutes: ${last}`,
  });
}
