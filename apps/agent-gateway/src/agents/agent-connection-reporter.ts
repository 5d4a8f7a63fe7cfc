import { Injectable } from '@nestjs/common';
import { type AgentConnection, reconciler } from '@runos/contracts';
import { exponentialBackoff, reconciled, type ReconcileResult, WorkQueue } from '@runos/engine';
import { faultOf } from '@runos/kernel';
import { Bus, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { type AgentKey, AgentRepository, type AgentRow, identityOf, keyText } from './agent-repository.js';
import { ClusterShare } from './cluster-share.js';

/** So that the reconciler does not receive all reports at once after an outage, and no cluster delays those of others. */
const concurrency = { maxConcurrentReconciles: 16, maxConcurrentReconcilesPerGroup: 4 };
const backoff = exponentialBackoff({ firstMs: 500, maxMs: 15_000 });
const resumeLimit = 1_000;

/** Whether a service answered that the resource of a request does not exist. */
export const isNotFound = (error: unknown): boolean => faultOf(error)?.code.endsWith('.not_found') ?? false;

/** Reports the newest connection state of each agent to the reconciler until the reconciler acknowledges it. */
@Injectable()
export class AgentConnectionReporter {
  readonly #newest = new Map<string, AgentRow>();
  readonly #queue: WorkQueue<string>;

  constructor(
    private readonly bus: Bus,
    private readonly agents: AgentRepository,
    private readonly share: ClusterShare,
    @InjectLogger() logger: Logger,
  ) {
    this.#queue = new WorkQueue({
      ...concurrency,
      reconcile: (key) => this.#send(key),
      backoff,
      onResult: (agent, result) => {
        if (result.kind === 'error')
          logger.warn({ err: result.cause, agent }, 'agent connection not acknowledged by the reconciler');
      },
    });
  }

  report(rows: readonly AgentRow[]): void {
    for (const row of rows) {
      const key = keyText(row);
      const known = this.#newest.get(key);
      if (known !== undefined && !isNewer(row, known)) continue;
      this.#newest.set(key, row);
      this.#queue.add(key);
    }
  }

  /** Continues with the reports that an earlier process or an outage has left over. */
  async resume(): Promise<void> {
    this.report(await this.agents.notAcknowledged(resumeLimit));
  }

  /**
   * Reports an agent at once: the reconciler does not know its connection. The report may wait for its next attempt, or
   * the reconciler has acknowledged it and lost it since, such as by a restore.
   */
  async repeat(agent: AgentKey): Promise<void> {
    this.report(await this.agents.find(agent));
    this.#queue.add(keyText(agent));
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async #send(key: string): Promise<ReconcileResult> {
    const row = this.#newest.get(key);
    if (row === undefined) return reconciled();
    try {
      await this.bus.request(reconciler.reportAgentConnection, connectionOf(row), { tenant: row.aid });
    } catch (error) {
      // The reconciler has deleted the cluster or node, so the report has no receiver any more.
      if (!isNotFound(error)) throw error;
    }
    await this.share.run(row, () => this.agents.setAcknowledged(row, row.seq));
    if (this.#newest.get(key) === row) this.#newest.delete(key);
    return reconciled();
  }
}

/** The row of a deleted agent that registers again starts with a lower `seq`, and a higher session. */
const isNewer = (row: AgentRow, known: AgentRow): boolean =>
  row.session_no > known.session_no || (row.session_no === known.session_no && row.seq > known.seq);

const iso = (at: Date | null): string | null => at?.toISOString() ?? null;

const connectionOf = (row: AgentRow): AgentConnection => ({
  cid: row.cid,
  nid: identityOf(row).nid,
  sessionNo: Number(row.session_no),
  seq: Number(row.seq),
  connected: row.connected,
  ready: row.ready,
  version: row.version,
  capabilities: row.capabilities,
  clusterUid: row.cluster_uid,
  lastHeartbeatAt: iso(row.last_heartbeat_at),
  certificateExpiresAt: iso(row.certificate_expires_at),
  kubernetesStatus: row.kubernetes_status,
  roles: row.roles,
  duplicateAddresses: row.duplicate_addresses,
  problems: row.problems,
});
