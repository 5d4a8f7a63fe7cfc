import type { Logger } from '@runos/observability';
import type { AgentStore } from '../agents/agent-store.js';
import type { PresenceTeller } from '../agents/presence-teller.js';
import type { CertificateStore } from '../certificates/certificate-store.js';
import type { TokenStore } from '../tokens/token-store.js';
import type { ReplicaLease } from './replica-lease.js';
import type { SessionHub } from './session-hub.js';
import type { SessionStore } from './session-store.js';

export interface Rhythm {
  /** The lease is renewed and beats are written this often. */
  readonly pulseMs: number;
  readonly staleAfterMs: number;
  /** How long a renewed certificate lives on after its successor was first used. */
  readonly renewedGraceMs: number;
}

export interface SessionKeeperParts {
  readonly hub: SessionHub;
  readonly sessions: SessionStore;
  readonly agents: AgentStore;
  readonly certificates: CertificateStore;
  readonly tokens: TokenStore;
  readonly lease: ReplicaLease;
  readonly presence: PresenceTeller;
  readonly logger: Logger;
  readonly rhythm: Rhythm;
}

const tidyEveryMs = 60 * 60 * 1_000;

/** The slow heart of a replica: one timer that keeps what is written down equal to what is so. */
export class SessionKeeper {
  #pulse: NodeJS.Timeout | undefined;
  #look: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();
  #judging: Promise<void> = Promise.resolve();
  #stopped = false;
  #tidiedAt = performance.now();
  readonly #mayJudgeAt: number;

  constructor(private readonly parts: SessionKeeperParts) {
    // Whoever was connected to the process before this one gets a full span to come back.
    this.#mayJudgeAt = performance.now() + parts.rhythm.staleAfterMs;
  }

  async start(): Promise<void> {
    await this.parts.lease.take();
    await this.parts.presence.resume();
    this.lookForStale();
    this.#next();
  }

  /** Somebody's stream ended: see to it in time that whoever stays away is not ready any more. */
  readonly lookForStale = (): void => {
    if (this.#look === undefined && !this.#stopped) this.#lookIn(0);
  };

  /** Closes what this replica holds, for others to see at once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#pulse);
    clearTimeout(this.#look);
    await this.#beating;
    await this.#judging;
    const { hub, lease, sessions, presence, logger } = this.parts;
    try {
      await hub.noteBeats();
      hub.dropAll('plane-stopping', 'this replica stops; dial again');
      await hub.settled();
      await sessions.closeUnheld(lease.id, []);
      await lease.end();
    } catch (error) {
      logger.warn({ err: error }, 'the sessions of this replica end with its lease');
    }
    hub.heartbeats.stop();
    await presence.stop();
  }

  #next(): void {
    if (this.#stopped) return;
    this.#pulse = setTimeout(() => {
      this.#beating = this.#beat().finally(() => this.#next());
    }, this.parts.rhythm.pulseMs);
  }

  async #beat(): Promise<void> {
    const { hub, sessions, agents, certificates, lease, presence, logger, rhythm } = this.parts;
    try {
      if (!(await lease.renew())) {
        logger.warn('the lease of this replica had ended: every agent has to dial again');
        hub.dropAll('plane-busy', 'this replica was away for too long; dial again');
        await hub.settled();
      }
      await hub.noteBeats();
      for (const { sessionNo, revoked } of await sessions.lost(lease.id, hub.held)) {
        if (revoked) hub.find(sessionNo)?.stream.refuse('certificate-revoked', 'this certificate is revoked');
        else hub.find(sessionNo)?.stream.refuse('stream-replaced', 'this stream is taken for closed; dial again');
      }
      presence.tell(await sessions.closeUnheld(lease.id, hub.held));
      presence.tell(await agents.orphaned(rhythm.pulseMs));
      const renewed = await certificates.revokeReplaced(rhythm.renewedGraceMs);
      await hub.end(await sessions.using(renewed), 'certificate-revoked', 'this certificate was renewed');
      await presence.resume();
      this.lookForStale();
      await this.#tidy();
    } catch (error) {
      logger.warn({ err: error }, 'the agents are looked after a little later');
    }
  }

  #lookIn(ms: number): void {
    const earliest = Math.max(0, this.#mayJudgeAt - performance.now());
    this.#look = setTimeout(() => (this.#judging = this.#judge()), Math.max(ms, earliest));
  }

  async #judge(): Promise<void> {
    const { agents, presence, logger, rhythm } = this.parts;
    try {
      presence.tell(await agents.stale(rhythm.staleAfterMs));
      const dueIn = await agents.nextStaleIn(rhythm.staleAfterMs);
      this.#look = undefined;
      if (dueIn !== undefined && !this.#stopped) this.#lookIn(Math.max(10, Math.ceil(dueIn)));
    } catch (error) {
      this.#look = undefined; // the next pulse looks again
      logger.warn({ err: error }, 'stale agents are looked for a little later');
    }
  }

  async #tidy(): Promise<void> {
    if (performance.now() - this.#tidiedAt < tidyEveryMs) return;
    this.#tidiedAt = performance.now();
    const { sessions, certificates, tokens } = this.parts;
    await Promise.all([sessions.forgetOld(), certificates.forgetOld(), tokens.forgetOld()]);
  }
}
