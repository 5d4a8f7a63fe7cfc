import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readPlaneInfo, eventually } from '@runos/tool-e2e';
import { controlPlane, DataFolder } from '@runos/tool-start';
import { type Ledger } from '../load/ledger.js';
import { agentsBackAfter } from './agents-back.js';
import { processFamily } from './process-family.js';

/** Every kind of process that can be hit, as `dev.json` calls it. */
export const victims = [
  ...['gateway', 'identity', 'catalog', 'config-sets', 'jobs', 'reconciler', 'agent-gateway'],
  ...['cluster-agent', 'node-agent-1', 'nats', 'postgres', 'kube-apiserver'],
] as const;

export interface Fault {
  readonly name: string;
  /** Whose end or silence it is. */
  readonly hits: readonly string[];
  /**
   * Does it, and resolves when whatever it hit is there again; what it asks for itself it writes into the ledger.
   * @throws Error when a promise is broken meanwhile
   */
  strike(data: string, ledger: Ledger): Promise<void>;
}

/** SIGKILL, of one process or of several at the same moment. */
export const kill = (...names: readonly string[]): Fault => ({
  name: `SIGKILL ${names.join(' + ')}`,
  hits: names,
  async strike(data) {
    const { pids } = await readPlaneInfo(data);
    for (const name of names) process.kill(pidOf(pids, name), 'SIGKILL');
    await eventually(`${names.join(' and ')} to run again`, 120_000, async () => {
      const now = (await readPlaneInfo(data)).pids;
      return names.every((name) => now[name] !== undefined && now[name] !== pids[name]);
    });
  },
});

/** SIGSTOP for a while: the process is there, holds its connections, and says nothing. */
export const freeze = (name: string, forMs: number): Fault => ({
  name: `SIGSTOP ${name} for ${forMs / 1_000} s`,
  hits: [name],
  async strike(data) {
    const family = processFamily(pidOf((await readPlaneInfo(data)).pids, name));
    const signal = (what: NodeJS.Signals): void => {
      for (const pid of family) {
        try {
          process.kill(pid, what);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
        }
      }
    };
    signal('SIGSTOP');
    try {
      await sleep(forMs);
    } finally {
      signal('SIGCONT');
    }
  },
});

/** All that JetStream had on disk is gone. */
export const loseNatsData: Fault = {
  name: 'NATS data folder deleted',
  hits: ['nats'],
  async strike(data) {
    const folder = new DataFolder(data);
    await controlPlane(folder, 'stop', 'nats');
    rmSync(folder.in('nats', 'jetstream'), { recursive: true });
    await controlPlane(folder, 'start', 'nats');
  },
};

/** The cable between all agents and their gateway is pulled: no FIN, no RST, only silence. */
export const cutAgents: Fault = {
  name: 'agents cut off without FIN',
  hits: ['stream'],
  async strike(data) {
    await agentsBackAfter(await readPlaneInfo(data), () => controlPlane(new DataFolder(data), 'cut', 'stream'));
  },
};

function pidOf(pids: Readonly<Record<string, number>>, name: string): number {
  const pid = pids[name];
  if (pid === undefined) throw new Error(`${name} does not run, so it cannot be hit`);
  return pid;
}
