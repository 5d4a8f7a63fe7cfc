import { type AgentConnection, reconciler } from '@runos/contracts';
import { exponentialBackoff, reconciled, WorkQueue } from '@runos/engine';
import type { Bus } from '@runos/messaging';
import { isNotFound } from '../not-found.js';
import type { Logger } from '@runos/observability';
import { identityOf, keyText } from './agent-key.js';
import type { AgentRow, AgentStore } from './agent-store.js';

/** At a time, over all agents: a plane that comes back must not be met by all of them at once. */
const concurrency = 16;
const backoff = exponentialBackoff({ firstMs: 500, maxMs: 15_000 });

/** Tells the reconciler where each agent stands, the newest word only, until it has acknowledged it. */
export class PresenceTeller {
  readonly #newest = new Map<string, AgentRow>();
  readonly #queue: WorkQueue<string>;

  constructor(
    private readonly bus: Bus,
    private readonly agents: AgentStore,
    logger: Logger,
  ) {
    this.#queue = new WorkQueue({
      reconcile: (key) => this.#tell(key),
      maxConcurrentReconciles: concurrency,
      backoff,
      onResult: (agent, result) => {
        if (result.kind === 'error') logger.warn({ err: result.cause, agent }, 'the reconciler was not told yet');
      },
    });
  }

  tell(rows: readonly AgentRow[]): void {
    for (const row of rows) {
      const key = keyText(row);
      const known = this.#newest.get(key);
      if (known !== undefined && known.seq >= row.seq) continue;
      this.#newest.set(key, row);
      this.#queue.add(key);
    }
  }

  /** Picks up what an earlier process has written and not told. */
  async resume(): Promise<void> {
    this.tell(await this.agents.untold(1_000));
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async #tell(key: string) {
    const row = this.#newest.get(key);
    if (row === undefined) return reconciled();
    await this.#report(row);
    await this.agents.told(row, row.seq);
    if (this.#newest.get(key) === row) this.#newest.delete(key);
    return reconciled();
  }

  async #report(row: AgentRow): Promise<void> {
    try {
      await this.bus.request(reconciler.reportAgentConnection, presenceOf(row), { tenant: row.aid });
    } catch (error) {
      // Its cluster or node was deleted meanwhile: there is nobody left to tell it about.
      if (!isNotFound(error)) throw error;
    }
  }
}

const iso = (at: Date | null): string | null => at?.toISOString() ?? null;

const presenceOf = (row: AgentRow): AgentConnection => ({
  cid: row.cid,
  nid: identityOf(row).nid,
  sessionNo: Number(row.session_no),
  seq: Number(row.seq),
  connected: row.present,
  ready: row.ready,
  version: row.version,
  capabilities: row.capabilities,
  clusterUid: row.cluster_uid,
  lastHeartbeatAt: iso(row.last_beat_at),
  certificateExpiresAt: iso(row.certificate_expires_at),
});
