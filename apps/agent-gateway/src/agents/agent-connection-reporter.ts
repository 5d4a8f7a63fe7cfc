import { Injectable } from '@nestjs/common';
import { type AgentConnection, reconciler } from '@runos/contracts';
import { exponentialBackoff, reconciled, WorkQueue } from '@runos/engine';
import { faultOf } from '@runos/kernel';
import { Bus, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { AgentRepository, type AgentRow, identityOf, keyText } from './agent-repository.js';

/** Over all agents, so that the reconciler does not receive all reports at once after an outage. */
const concurrency = 16;
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
    @InjectLogger() logger: Logger,
  ) {
    this.#queue = new WorkQueue({
      reconcile: (key) => this.#send(key),
      maxConcurrentReconciles: concurrency,
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
      if (known !== undefined && known.seq >= row.seq) continue;
      this.#newest.set(key, row);
      this.#queue.add(key);
    }
  }

  /** Continues with the reports that an earlier process or an outage has left over. */
  async resume(): Promise<void> {
    this.report(await this.agents.notAcknowledged(resumeLimit));
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async #send(key: string) {
    const row = this.#newest.get(key);
    if (row === undefined) return reconciled();
    try {
      await this.bus.request(reconciler.reportAgentConnection, connectionOf(row), { tenant: row.aid });
    } catch (error) {
      // The reconciler has deleted the cluster or node, so the report has no receiver any more.
      if (!isNotFound(error)) throw error;
    }
    await this.agents.setAcknowledged(row, row.seq);
    if (this.#newest.get(key) === row) this.#newest.delete(key);
    return reconciled();
  }
}

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
