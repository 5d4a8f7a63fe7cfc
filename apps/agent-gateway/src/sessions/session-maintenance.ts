import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { InjectConfig, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { AgentConnectionReporter } from '../agents/agent-connection-reporter.js';
import { AgentRepository } from '../agents/agent-repository.js';
import { StaleAgentCheck } from '../agents/stale-agent-check.js';
import { CertificateRepository } from '../certificates/certificate-repository.js';
import type { AgentGatewayConfig } from '../config.js';
import { RegistrationTokenRepository } from '../tokens/registration-token-repository.js';
import { ReplicaLease } from './replica-lease.js';
import { SessionRegistry } from './session-registry.js';
import { SessionRepository } from './session-repository.js';

const cleanupIntervalMs = 60 * 60 * 1_000;

/**
 * Renews the lease of this replica and writes heartbeats, in one timer. It also repairs what an outage has left over:
 * sessions of failed replicas, unwritten transitions, unacknowledged reports and sessions with a revoked certificate.
 */
@Injectable()
export class SessionMaintenance implements OnModuleInit, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  #cleanedUpAt = performance.now();

  constructor(
    private readonly registry: SessionRegistry,
    private readonly sessions: SessionRepository,
    private readonly agents: AgentRepository,
    private readonly certificates: CertificateRepository,
    private readonly tokens: RegistrationTokenRepository,
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
    this.#scheduleNext();
  }

  /** Closes all sessions and releases the lease, so that other replicas need not wait for its expiry. */
  async onModuleDestroy(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
    await this.staleAgents.stop();
    try {
      await this.registry.writeHeartbeats();
      await this.registry.closeAll('plane-stopping', 'this replica stops; dial again');
      await this.sessions.closeNotHeld(this.lease.id, []);
      await this.lease.release();
    } catch (error) {
      this.logger.warn({ err: error }, 'closing sessions failed; they end with the lease of this replica');
    }
    this.registry.stop();
    await this.reporter.stop();
  }

  #scheduleNext(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#run().finally(() => this.#scheduleNext());
    }, this.config.maintenanceIntervalMs);
  }

  async #run(): Promise<void> {
    try {
      await this.#renewLease();
      await this.registry.writeHeartbeats();
      await this.#closeInvalidSessions();
      this.reporter.report(await this.sessions.closeNotHeld(this.lease.id, this.registry.held));
      this.reporter.report(await this.agents.disconnectOrphaned(this.config.maintenanceIntervalMs));
      const renewed = await this.certificates.revokeReplaced(this.config.renewalGraceMs);
      const sessionNos = await this.sessions.openWithCertificates(renewed);
      await this.registry.close(sessionNos, 'certificate-revoked', 'this certificate was renewed');
      await this.reporter.resume();
      this.staleAgents.schedule();
      await this.#cleanUp();
    } catch (error) {
      this.logger.warn({ err: error }, 'session maintenance failed; the next run repeats it');
    }
  }

  async #renewLease(): Promise<void> {
    if (await this.lease.renew()) return;
    this.logger.warn('lease of this replica expired; every agent has to dial again');
    await this.registry.closeAll('plane-busy', 'the lease of this replica had expired; dial again');
  }

  async #closeInvalidSessions(): Promise<void> {
    for (const { sessionNo, revoked } of await this.sessions.toClose(this.lease.id, this.registry.held)) {
      const stream = this.registry.find(sessionNo)?.stream;
      if (revoked) stream?.refuse('certificate-revoked', 'this certificate is revoked');
      else stream?.refuse('stream-replaced', 'another replica closed this session; dial again');
    }
  }

  async #cleanUp(): Promise<void> {
    if (performance.now() - this.#cleanedUpAt < cleanupIntervalMs) return;
    this.#cleanedUpAt = performance.now();
    await Promise.all([this.sessions.deleteClosed(), this.certificates.deleteExpired(), this.tokens.deleteExpired()]);
  }
}
