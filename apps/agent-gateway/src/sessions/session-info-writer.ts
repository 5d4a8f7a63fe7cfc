import { Injectable } from '@nestjs/common';
import { exponentialBackoff, reconciled, type ReconcileResult, WorkQueue } from '@runos/engine';
import { InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { AgentConnectionReporter } from '../agents/agent-connection-reporter.js';
import { type AgentInfo, AgentRepository, clusterText, keyOf } from '../agents/agent-repository.js';
import { ClusterShare } from '../agents/cluster-share.js';
import { RateLimiter } from '../grpc/rate-limiter.js';
import type { ConnectedAgent } from '../streams/connected-agent.js';

/** Over all sessions, and of one cluster. It leaves places in the share of the cluster for its other statements. */
const concurrency = { maxConcurrentReconciles: 4, maxConcurrentReconcilesPerGroup: 2 };
/** Of one session. Each write leaves an old version of the row behind, of up to 25 KB. */
const writeRate = { calls: 1, periodSeconds: 1, burst: 9 };
const backoff = exponentialBackoff({ firstMs: 500, maxMs: 15_000 });

/**
 * Writes what agents state about themselves: the newest info of each session, one write per session at a time. It
 * repeats a failed write until it succeeds or the session ends.
 */
@Injectable()
export class SessionInfoWriter {
  /** The agents whose newest info is not written yet, by `<account>/<cluster>/<session number>`. */
  readonly #changed = new Map<string, ConnectedAgent>();
  readonly #queue: WorkQueue<string>;
  readonly #rateLimiter = new RateLimiter(writeRate);

  constructor(
    private readonly agents: AgentRepository,
    private readonly reporter: AgentConnectionReporter,
    private readonly share: ClusterShare,
    @InjectLogger() logger: Logger,
  ) {
    this.#queue = new WorkQueue({
      ...concurrency,
      reconcile: (key) => this.#write(key),
      backoff,
      onResult: (session, result) => {
        if (result.kind === 'error') logger.warn({ err: result.cause, session }, 'info of an agent not written');
      },
    });
  }

  /** Does nothing when this changes nothing. */
  change(agent: ConnectedAgent, change: Partial<AgentInfo>): void {
    if (!agent.changeInfo(change)) return;
    const key = `${clusterText(agent.peer.identity)}/${agent.sessionNo}`;
    this.#changed.set(key, agent);
    this.#queue.add(key);
  }

  /** Resolves when the last write has ended. */
  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async #write(key: string): Promise<ReconcileResult> {
    const agent = this.#changed.get(key);
    if (agent === undefined) return reconciled();
    const waitMs = await this.#rateLimiter.retryAfterMs(key);
    if (waitMs > 0) return reconciled(waitMs);
    const { info, infoNo, sessionNo, peer, stream } = agent;
    if (!stream.isClosed) {
      const write = () => this.agents.setInfo(keyOf(peer.identity), { sessionNo, infoNo }, info);
      this.reporter.report(await this.share.run(peer.identity, write));
    }
    if (stream.isClosed || agent.infoNo === infoNo) this.#changed.delete(key);
    return reconciled();
  }
}
