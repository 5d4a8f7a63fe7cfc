import { type Setting, shutdownTimeoutMs, toEnvironment } from '@runos/config';
import { freePort } from './free-port.js';
import { type KubeNode } from '@runos/testing-kube';
import { type Running, waitUntilReady, startChild, waitUntil } from '@runos/testing-process';
import { programOf, sqlSpansOf } from './built-checkout.js';
import { type Builds } from './builds.js';
import { type DataFolder } from '../data/data-folder.js';
import { replicaName, type ServicePlan, settingsOf, type PlaneSettings } from './services.js';

/** A service that has not ended by then hangs, and receives SIGKILL. */
const graceMs = shutdownTimeoutMs + 500;

/** One replica of one service. */
export interface Replica {
  readonly plan: ServicePlan;
  /** Counted from 0. */
  readonly number: number;
  readonly planeSettings: PlaneSettings;
  readonly folder: DataFolder;
  readonly builds: Builds;
  /** Additional environment variables of this replica alone. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Called before each start with the address of health and metrics. */
  readonly onOps: (name: string, url: string) => void;
}

/** Starts one replica as a process; resolves when its `/readyz` succeeds. */
export async function startService(
  { plan, number, planeSettings, folder, builds, environment, onOps }: Replica,
  signal: AbortSignal,
): Promise<Running> {
  const opsPort = await freePort();
  const name = replicaName(plan, number);
  const ops = `http://127.0.0.1:${opsPort}`;
  onOps(name, ops);
  const isReady = async (): Promise<boolean> => {
    const reply = await fetch(`${ops}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(
      () => undefined, // it does not listen yet
    );
    return reply?.ok ?? false;
  };
  const settings = settingsOf(plan, planeSettings, opsPort, number);
  return startProgram({ name, app: plan.name, folder, builds, signal, ready: isReady, settings, environment });
}

export interface Program {
  /** The name of the process and of its log. */
  readonly name: string;
  /** The app's folder; default `name`. */
  readonly app?: string;
  readonly folder: DataFolder;
  readonly builds: Builds;
  readonly settings: Record<string, Setting>;
  readonly environment?: Replica['environment'];
  readonly signal: AbortSignal;
  /** The node in which it runs. Default: this machine. */
  readonly node?: KubeNode;
  /** Default: the program is ready as soon as it runs. */
  readonly ready?: () => Promise<boolean>;
}

/** Loading modules fills V8's default young generation, three times 16 MB, which an idle service keeps resident. */
const semiSpaceFlag = '--max-semi-space-size=8';

/** Starts an app's main program with its settings in the environment and its log in `<data>/logs/<name>.log`. */
export async function startProgram(program: Program): Promise<Running> {
  const { name, app = name, folder, builds, settings, environment, signal, ready, node } = program;
  const checkout = builds.checkoutOf(name);
  const start = node ? node.startProgram : startChild;
  const child = await start({
    name,
    command: process.execPath,
    args: [semiSpaceFlag, '--import', sqlSpansOf(checkout), programOf(checkout, app, 'main')],
    env: { ...process.env, ...toEnvironment(settings), ...environment },
    logFile: folder.in('logs', `${name}.log`),
    pidFile: folder.in('pids', `${name}.pid`),
  });
  if (ready) {
    const because = (): string => 'not ready after two minutes';
    await waitUntilReady(
      child,
      (until) => waitUntil(ready, { deadlineMs: 120_000, everyMs: 50, because, signal: until }),
      signal,
    );
  }
  return { ...child, stop: () => child.stop({ graceMs }) };
}
