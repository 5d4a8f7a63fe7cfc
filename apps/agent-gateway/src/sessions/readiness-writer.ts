import { Batcher } from '@runos/engine';
import type { Logger } from '@runos/observability';
import type { AgentConnectionReporter } from '../agents/agent-connection-reporter.js';
import { type AgentRepository, clusterText, keyOf } from '../agents/agent-repository.js';
import type { ClusterShare } from '../agents/cluster-share.js';
import type { ConnectedAgent } from '../streams/connected-agent.js';

/** Longer than any statement may take, ms. */
const blockingMs = 120_000;
const maxBatchSize = 1_000;

interface ReadinessWriterOptions {
  readonly agents: AgentRepository;
  readonly reporter: AgentConnectionReporter;
  readonly share: ClusterShare;
  readonly logger: Logger;
  /** Whether the agent is ready now, and the age of its last heartbeat; undefined when it has no stream any more. */
  readonly stateOf: (agent: ConnectedAgent) => { readonly ageMs: number | null; readonly ready: boolean } | undefined;
}

/**
 * Writes readiness and last heartbeats as they are at the time of the statement. One statement serves all clusters, and
 * waits for no lock. Agents whose rows are locked are left to a statement of their cluster alone, which waits in its
 * share. Each cluster has one statement at a time: no older state follows a newer one.
 */
export class ReadinessWriter {
  readonly #batcher = new Batcher<ConnectedAgent, void>({
    maxBatchSize,
    maxBlockingMs: blockingMs,
    run: (agents) => this.#writeUnlocked(agents),
  });
  /** The agents of clusters that have a statement of their own now, each once. */
  readonly #locked = new Map<string, Set<ConnectedAgent>>();
  readonly #running = new Set<Promise<void>>();

  constructor(private readonly options: ReadinessWriterOptions) {}

  /** Resolves when the agent is written, or left to the statement of its cluster. Never rejects. */
  add(agent: ConnectedAgent): Promise<void> {
    return this.#batcher.add(agent);
  }

  /** Resolves when no cluster has a statement of its own. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #writeUnlocked(agents: readonly ConnectedAgent[]): Promise<undefined[]> {
    const [unlocked, locked] = [new Set<ConnectedAgent>(), new Set<ConnectedAgent>()];
    for (const agent of agents) (this.#locked.has(clusterOf(agent)) ? locked : unlocked).add(agent);
    for (const agent of await this.#write([...unlocked], 'skip-locked')) locked.add(agent);
    for (const agent of locked) this.#addLocked(agent);
    return agents.map(() => undefined);
  }

  #addLocked(agent: ConnectedAgent): void {
    const cluster = clusterOf(agent);
    const known = this.#locked.get(cluster);
    if (known !== undefined) return void known.add(agent);
    const agents = new Set([agent]);
    this.#locked.set(cluster, agents);
    const done = this.#writeLocked(agent, agents).finally(() => {
      this.#locked.delete(cluster);
      this.#running.delete(done);
    });
    this.#running.add(done);
  }

  async #writeLocked({ peer }: ConnectedAgent, agents: Set<ConnectedAgent>): Promise<void> {
    while (agents.size > 0) {
      await this.options.share.run(peer.identity, async () => {
        const next = [...agents];
        agents.clear();
        await this.#write(next, 'wait');
      });
    }
  }

  /** Returns the agents whose rows are locked. Logs a failure, which session maintenance repeats. */
  async #write(agents: readonly ConnectedAgent[], locks: 'wait' | 'skip-locked'): Promise<ConnectedAgent[]> {
    const { reporter, logger, stateOf, agents: repository } = this.options;
    const heartbeats = agents.flatMap((agent) => {
      const state = stateOf(agent);
      return state === undefined ? [] : [{ ...keyOf(agent.peer.identity), sessionNo: agent.sessionNo, ...state }];
    });
    if (heartbeats.length === 0) return [];
    try {
      const { changed, locked } = await repository.writeHeartbeats(heartbeats, locks);
      reporter.report(changed);
      const sessionNos = new Set(locked);
      return agents.filter(({ sessionNo }) => sessionNos.has(sessionNo));
    } catch (error) {
      logger.warn({ err: error, agents: heartbeats.length }, 'readiness not written');
      return [];
    }
  }
}

const clusterOf = ({ peer }: ConnectedAgent): string => clusterText(peer.identity);
