import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { heartbeatIntervalMs, heartbeatReplyTimeoutMs } from '@runos/agent-protocol';
import { eventually, type PlaneInfo, readPlaneInfo, withSql } from '@runos/tool-e2e';
import { controlPlane, DataFolder, services } from '@runos/tool-start';
import type { Ledger } from '../load/ledger.js';

/** The processes that faults can hit, by their names in `dev.json`. */
export const targets: readonly string[] = [
  ...services.map(({ name }) => name),
  'cluster-agent',
  'node-agent-1',
  'nats',
  'postgres',
  'kube-apiserver',
];

export interface InjectedFault {
  readonly name: string;
  /** The processes that it hits. */
  readonly hits: readonly string[];
  /** How long they accept connections without a response, ms. Default: 0. */
  readonly silentMs?: number;
  /**
   * Injects the fault, and resolves when its processes run again. Records its own requests in the ledger.
   * @throws Error when a guarantee is broken meanwhile
   */
  inject(data: string, ledger: Ledger): Promise<void>;
}

/** SIGKILL, of one process or of several at the same moment. */
export const kill = (...names: readonly string[]): InjectedFault => ({
  name: `SIGKILL ${names.join(' + ')}`,
  hits: names,
  async inject(data) {
    const { pids } = await readPlaneInfo(data);
    for (const name of names) process.kill(pidOf(pids, name), 'SIGKILL');
    await eventually(
      `${names.join(' and ')} to run again`,
      async () => {
        const now = (await readPlaneInfo(data)).pids;
        return names.every((name) => now[name] !== undefined && now[name] !== pids[name]);
      },
      120_000,
    );
  },
});

/** SIGSTOP for a while: the process keeps its connections but does not respond. */
export const freeze = (name: string, forMs: number): InjectedFault => ({
  name: `SIGSTOP ${name} for ${forMs / 1_000} s`,
  hits: [name],
  silentMs: forMs,
  async inject(data) {
    const tree = processTree(pidOf((await readPlaneInfo(data)).pids, name));
    const signal = (what: NodeJS.Signals): void => {
      for (const pid of tree) {
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

/** Deletes everything that JetStream stored on disk. */
export const loseNatsData: InjectedFault = {
  name: 'NATS data folder deleted',
  hits: ['nats'],
  async inject(data) {
    const folder = new DataFolder(data);
    await controlPlane(folder, 'stop', 'nats');
    rmSync(folder.in('nats', 'jetstream'), { recursive: true });
    await controlPlane(folder, 'start', 'nats');
  },
};

/** Makes every connection of an agent half-open: neither FIN nor RST arrives. */
export const cutAgentStreams: InjectedFault = {
  name: 'agents cut off without FIN',
  hits: ['stream'],
  async inject(data) {
    await reconnectAgents(await readPlaneInfo(data), () => controlPlane(new DataFolder(data), 'cut', 'stream'));
  },
};

function pidOf(pids: Readonly<Record<string, number>>, name: string): number {
  const pid = pids[name];
  if (pid === undefined) throw new Error(`${name} does not run, so it cannot be hit`);
  return pid;
}

/** A process and its descendants, itself first. PostgreSQL's backends must be frozen with their parent. */
function processTree(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const parent = parentOf(name);
    if (parent !== undefined) parents.set(Number(name), parent);
  }
  const tree = [pid];
  for (const member of tree) {
    for (const [child, parent] of parents) if (parent === member) tree.push(child);
  }
  return tree;
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined; // it has ended
  }
}

/** The time to dial, authenticate and record a session on a busy machine, ms. */
const dialMs = 5_000;
/** An agent detects a half-open connection at the latest by the missing reply to its next heartbeat. */
const detectionMs = heartbeatIntervalMs + heartbeatReplyTimeoutMs;

/** Cuts every agent off and resolves once each has a new stream. @throws Error when that takes too long */
const reconnectAgents = ({ databaseUrl }: PlaneInfo, cut: () => Promise<unknown>): Promise<void> =>
  withSql(databaseUrl, async (client) => {
    const { rows: before } = await client.query<{ last: string }>(
      'SELECT max(session_no) AS last FROM agent_gateway.session',
    );
    await cut();
    await eventually(
      'every agent to have a new stream',
      async () => {
        const { rows } = await client.query<{ old: number; fresh: number }>(
          `SELECT count(*) FILTER (WHERE session_no <= $1)::int AS old, count(*) FILTER (WHERE session_no > $1)::int AS fresh
         FROM agent_gateway.session WHERE closed_at IS NULL`,
          [before[0]?.last],
        );
        return rows[0]?.old === 0 && rows[0].fresh > 0;
      },
      detectionMs + dialMs,
    );
  });
