import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { InjectConfig, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { AgentConnectionReporter } from '../agents/agent-connection-reporter.js';
import { StaleAgentCheck } from '../agents/stale-agent-check.js';
import { CertificateRepository } from '../certificates/certificate-repository.js';
import { DuplicateIdentityRepository } from '../certificates/duplicate-identity-repository.js';
import type { AgentGatewayConfig } from '../config.js';
import { OrphanedSessionRepository } from './orphaned-session-repository.js';
import { ReplicaLease } from './replica-lease.js';
import { SessionInfoWriter } from './session-info-writer.js';
import { SessionRegistry } from './session-registry.js';
import { SessionRepository } from './session-repository.js';

/**
 * Renews the lease of this replica and writes heartbeats, by one timer. It also repairs what an outage has left over:
 * sessions of failed replicas, unwritten transitions, unacknowledged reports and sessions with a revoked certificate.
 */
@Injectable()
export class SessionMaintenance implements OnModuleInit, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<boolean> | undefined;
  #maintaining: Promise<void> | undefined;
  #renewedAt = performance.now();
  /** The expired leases of this replica whose sessions are not moved to the current one yet. */
  readonly #expiredLeases = new Set<string>();
  /** Before this, the sessions of replicas with an expired lease are left. */
  #orphansFrom = 0;

  constructor(
    private readonly registry: SessionRegistry,
    private readonly infos: SessionInfoWriter,
    private readonly sessions: SessionRepository,
    private readonly orphans: OrphanedSessionRepository,
    private readonly certificates: CertificateRepository,
    private readonly duplicates: DuplicateIdentityRepository,
    private readonly lease: ReplicaLease,
    private readonly reporter: AgentConnectionReporter,
    private readonly staleAgents: StaleAgentCheck,
    @InjectConfig() private readonly config: AgentGatewayConfig,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.lease.acquire();
    await this.reporter.resume();
    this.staleAgents.schedule();
    this.#timer = setInterval(() => this.#tick(), this.config.maintenanceIntervalMs);
  }

  /** Closes all sessions and releases the lease, so that other replicas need not wait for its expiry. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.allSettled([this.#renewing, this.#maintaining]);
    await this.staleAgents.stop();
    try {
      await this.registry.writeHeartbeats();
      await this.registry.closeAll('plane-stopping', 'this replica stops; dial again');
      await this.orphans.closeNotHeld(this.lease.id, { ...this.registry.held, sessionNos: [] });
      await this.lease.release();
    } catch (error) {
      this.logger.warn({ err: error }, 'closing sessions failed; they end with the lease of this replica');
    }
    this.registry.stop();
    await this.infos.stop();
    await this.reporter.stop();
  }

  /** The renewal waits for no maintenance, whose statements take long under load. */
  #tick(): void {
    this.#renewing ??= this.#renewLease()
      .then(
        () => true,
        (error: unknown) => {
          this.logger.warn({ err: error }, 'the lease of this replica was not renewed; the next run repeats it');
          return false;
        },
      )
      .finally(() => (this.#renewing = undefined));
    this.#maintaining ??= this.#renewing
      .then((isRenewed) => (isRenewed ? this.#maintain() : undefined))
      .catch((error: unknown) =>
        this.logger.warn({ err: error }, 'session maintenance failed; the next run repeats it'),
      )
      .finally(() => (this.#maintaining = undefined));
  }

  async #maintain(): Promise<void> {
    const { id } = this.lease;
    await this.registry.writeHeartbeats();
    await this.#closeInvalidSessions();
    this.reporter.report(await this.orphans.closeNotHeld(this.lease.id, this.registry.held));
    await this.#disconnectOrphaned(id);
    const renewed = await this.certificates.revokeReplaced(this.config.renewalGraceMs);
    const sessionNos = await this.sessions.openWithCertificates(renewed);
    await this.registry.close(sessionNos, 'certificate-revoked', 'this certificate was renewed');
    this.reporter.report(await this.duplicates.clearSilent());
    await this.reporter.resume();
    this.staleAgents.schedule();
  }

  /**
   * A late renewal may have the cause of an outage of the database, which makes the other replicas late too. So their
   * sessions are left for one more lease.
   */
  async #renewLease(): Promise<void> {
    const { leaseMs, maintenanceIntervalMs } = this.config;
    const isRenewed = await this.#renewOrAcquire();
    const isLate = performance.now() - this.#renewedAt > 2 * maintenanceIntervalMs;
    this.#renewedAt = performance.now();
    if (!isRenewed || isLate) this.#orphansFrom = this.#renewedAt + leaseMs;
    if (this.#expiredLeases.size > 0) await this.#keepSessions();
  }

  /** Records the expired lease also if no new one could be acquired: its sessions must be moved in any case. */
  async #renewOrAcquire(): Promise<boolean> {
    const { id } = this.lease;
    try {
      return await this.lease.renew();
    } finally {
      if (this.lease.id !== id) this.#expiredLeases.add(id);
    }
  }

  /**
   * The lease had expired. A stream stays open unless another replica has closed its session meanwhile. If this fails, or
   * a row is locked, the next renewal repeats it. Until then the agents of these sessions cannot be instructed.
   */
  async #keepSessions(): Promise<void> {
    const { opened } = this.registry;
    const { kept, locked } = await this.sessions.keep([...this.#expiredLeases], this.lease.id, opened);
    if (locked.length === 0) this.#expiredLeases.clear();
    const known = new Set([...kept, ...locked]);
    const lost = opened.filter((sessionNo) => !known.has(sessionNo));
    const counts = { kept: kept.length, locked: locked.length, lost: lost.length };
    this.logger.warn(counts, 'the lease of this replica had expired');
    await this.registry.close(lost, 'plane-busy', 'the lease of this replica had expired; dial again');
  }

  /** `leaseId` is the lease with which this maintenance began: its sessions are not moved yet if it has expired since. */
  async #disconnectOrphaned(leaseId: string): Promise<void> {
    if (performance.now() < this.#orphansFrom) return;
    this.reporter.report(await this.orphans.disconnectOrphaned(leaseId, this.config.maintenanceIntervalMs));
  }

  async #closeInvalidSessions(): Promise<void> {
    for (const { sessionNo, revoked } of await this.sessions.toClose(this.registry.opened)) {
      const stream = this.registry.find(sessionNo)?.stream;
      if (revoked) stream?.refuse('certificate-revoked', 'this certificate is revoked');
      else stream?.refuse('stream-replaced', 'another replica closed this session; dial again');
    }
  }
}
