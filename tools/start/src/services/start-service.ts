import { type Setting, shutdownTimeoutMs, toEnvironment } from '@runos/config';
import getPort from 'get-port';
import { type Running, waitUntilReady, startChild, waitUntil } from '@runos/testing-process';
import { programOf, sqlSpansOf } from './built-checkout.js';
import { type Builds } from './builds.js';
import { type DataFolder } from '../data/data-folder.js';
import { replicaName, type ServicePlan, settingsOf, type Surroundings } from './services.js';

/** Who has not ended by itself by then hangs, and is killed. */
const graceMs = shutdownTimeoutMs + 500;

/** One replica of one service. */
export interface Replica {
  readonly plan: ServicePlan;
  /** Counted from 0. */
  readonly number: number;
  readonly surroundings: Surroundings;
  readonly folder: DataFolder;
  readonly builds: Builds;
  /** Variables of its environment that no other replica has. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Hears where health and metrics are, before each start. */
  readonly onOps: (name: string, url: string) => void;
}

/** One replica as a process; resolves when its own `/readyz` says so. */
export async function startService(
  { plan, number, surroundings, folder, builds, environment, onOps }: Replica,
  signal: AbortSignal,
): Promise<Running> {
  const opsPort = await getPort({ host: '127.0.0.1' });
  const name = replicaName(plan, number);
  const ops = `http://127.0.0.1:${opsPort}`;
  onOps(name, ops);
  const ready = async (): Promise<boolean> => {
    const reply = await fetch(`${ops}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(
      () => undefined, // it does not listen yet
    );
    return reply?.ok ?? false;
  };
  const settings = settingsOf(plan, surroundings, opsPort, number);
  return startProgram({ name, app: plan.name, folder, builds, signal, ready, settings, environment });
}

export interface Program {
  /** Of the process and its log. */
  readonly name: string;
  /** Of the app's folder; default the name. */
  readonly app?: string;
  readonly folder: DataFolder;
  readonly builds: Builds;
  readonly settings: Record<string, Setting>;
  readonly environment?: Replica['environment'];
  readonly signal: AbortSignal;
  /** Default: it is ready when it runs. */
  readonly ready?: () => Promise<boolean>;
}

/** Node's own 16 MB, three times over, are filled while modules load and stay resident in a service at rest. */
const youngMb = '--max-semi-space-size=8';

/** An app's main program with its settings in the environment, its log in `<data>/logs/<name>.log`. */
export async function startProgram(program: Program): Promise<Running> {
  const { name, app = name, folder, builds, settings, environment, signal, ready } = program;
  const checkout = builds.of(name);
  const child = await startChild({
    name,
    command: process.execPath,
    args: [youngMb, '--import', sqlSpansOf(checkout), programOf(checkout, app, 'main')],
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
