import { Injectable } from '@nestjs/common';
import type { RefusalCode } from '@runos/agent-protocol';
import { InjectConfig, InjectLogger } from '@runos/messaging';
import { gauge, inSpan, type Logger, SpanKind, withoutTrace } from '@runos/observability';
import { AgentConnectionReporter } from '../agents/agent-connection-reporter.js';
import { type AgentInfo, AgentRepository, keyOf } from '../agents/agent-repository.js';
import { ClusterShare } from '../agents/cluster-share.js';
import { HeartbeatMonitor } from '../agents/heartbeat-monitor.js';
import { StaleAgentCheck } from '../agents/stale-agent-check.js';
import type { AgentPeer } from '../certificates/certificate-authenticator.js';
import { duplicateDetails, DuplicateIdentities } from '../certificates/duplicate-identities.js';
import type { AgentGatewayConfig } from '../config.js';
import type { ServerStream } from '../streams/server-stream.js';
import { ConnectedAgent } from '../streams/connected-agent.js';
import { ReadinessWriter } from './readiness-writer.js';
import { ReplicaLease } from './replica-lease.js';
import { type HeldSessions, type OpenedSession, SessionRepository } from './session-repository.js';
import { type SessionRequest, SessionRequests } from './session-requests.js';

const replacedDetails = 'a newer stream of the same agent is open';

/** The sessions of this replica. It writes and reports a transition when one opens, closes or changes readiness. */
@Injectable()
export class SessionRegistry {
  readonly #agents = new Map<number, ConnectedAgent>();
  readonly #opening = new Set<number>();
  readonly #writes = new Set<Promise<void>>();
  readonly #heartbeats: HeartbeatMonitor<ConnectedAgent>;
  readonly #readiness: ReadinessWriter;
  readonly #heartbeatWriteMs: number;
  #newestNo = 0;

  constructor(
    private readonly sessions: SessionRepository,
    agents: AgentRepository,
    private readonly requests: SessionRequests,
    private readonly lease: ReplicaLease,
    private readonly reporter: AgentConnectionReporter,
    private readonly staleAgents: StaleAgentCheck,
    private readonly duplicates: DuplicateIdentities,
    private readonly share: ClusterShare,
    @InjectConfig() { staleAfterMs, maintenanceIntervalMs }: AgentGatewayConfig,
    @InjectLogger() private readonly logger: Logger,
  ) {
    this.#heartbeatWriteMs = maintenanceIntervalMs;
    gauge('runos_agent_streams', () => this.#agents.size);
    gauge('runos_agent_certificate_expires_seconds', () => this.#nextExpirySeconds());
    this.#heartbeats = new HeartbeatMonitor({
      staleAfterMs,
      onStale: (agent) => this.#inBackground(() => this.#readiness.add(agent)),
    });
    const stateOf = (agent: ConnectedAgent) => this.#heartbeats.stateOf(agent);
    this.#readiness = new ReadinessWriter({ agents, reporter, share, logger, stateOf });
  }

  /** The sessions that are open here. */
  get opened(): number[] {
    return [...this.#agents.keys()];
  }

  /** The sessions that are open here, those that are about to be, and the newest number of all that ever were. */
  get held(): HeldSessions {
    return { sessionNos: [...this.#agents.keys(), ...this.#opening], newestNo: this.#newestNo };
  }

  /** Opens a session, in a trace of its own. Undefined, with the stream refused, when it is not opened. */
  open(peer: AgentPeer, stream: ServerStream, info: AgentInfo): Promise<ConnectedAgent | undefined> {
    return inSpan('open session', { kind: SpanKind.SERVER }, async () => {
      const sessionNo = await this.#whileOpen(peer, stream, () => this.sessions.nextNo());
      if (sessionNo === undefined) return undefined;
      const agent = new ConnectedAgent(peer, sessionNo, stream, info);
      this.#opening.add(sessionNo);
      this.#newestNo = Math.max(this.#newestNo, sessionNo);
      try {
        // Outside the share: no statement waits for NATS.
        const unsubscribe = await this.requests.subscribe(sessionNo, (request) => handleRequest(agent, request));
        void stream.closed.then(unsubscribe);
        return await this.#whileOpen(peer, stream, () => this.#register(agent));
      } finally {
        this.#opening.delete(sessionNo);
      }
    });
  }

  /** Only a heartbeat that makes the agent ready is written at once. */
  recordHeartbeat(agent: ConnectedAgent): void {
    if (this.#heartbeats.record(agent)) this.#inBackground(() => this.#readiness.add(agent));
  }

  find(sessionNo: number): ConnectedAgent | undefined {
    return this.#agents.get(sessionNo);
  }

  /** Milliseconds since the last heartbeat of a session that this replica holds. */
  heartbeatAgeMs(sessionNo: number): number | undefined {
    const agent = this.#agents.get(sessionNo);
    return agent && this.#heartbeats.ageOf(agent);
  }

  /** Closes sessions of this and of other replicas. */
  async close(sessionNos: readonly number[], code: RefusalCode, details: string): Promise<void> {
    const elsewhere = sessionNos.filter((sessionNo) => !this.#agents.has(sessionNo));
    for (const sessionNo of sessionNos) this.#agents.get(sessionNo)?.stream.refuse(code, details);
    await this.requests.close(elsewhere, code, details);
  }

  /** Closes every session of this replica and waits until the transitions are written. */
  async closeAll(code: RefusalCode, details: string): Promise<void> {
    for (const agent of [...this.#agents.values()]) agent.stream.refuse(code, details);
    await new Promise((resolve) => setImmediate(resolve)); // the closed streams start their transitions
    while (this.#writes.size > 0) await Promise.all(this.#writes);
    await this.#readiness.settled();
  }

  /** Writes the last heartbeat of every session, and readiness that could not be written before. */
  async writeHeartbeats(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => this.#readiness.add(agent)));
  }

  stop(): void {
    this.#heartbeats.stop();
  }

  /** Runs statements in the share of the cluster; undefined when the stream closed while they waited. */
  #whileOpen<T>({ identity }: AgentPeer, stream: ServerStream, run: () => Promise<T>): Promise<T | undefined> {
    return this.share.run(identity, async () => (stream.isClosed ? undefined : run()));
  }

  async #register(agent: ConnectedAgent): Promise<ConnectedAgent | undefined> {
    const { peer, sessionNo, stream, info } = agent;
    const { identity } = peer;
    if (await this.#isDuplicate(agent)) {
      stream.refuse('duplicate-identity', duplicateDetails);
      return undefined;
    }
    const opened = await this.#write(agent);
    if (typeof opened === 'string') {
      stream.refuse(opened, opened === 'stream-replaced' ? replacedDetails : 'this certificate is revoked');
      return undefined;
    }
    this.#agents.set(sessionNo, agent);
    const ageMs = this.#earlierHeartbeatAgeMs(opened);
    withoutTrace(() => this.#heartbeats.add(agent, opened.agent.ready, ageMs));
    void stream.closed.then((reason) => withoutTrace(() => this.#unregister(agent, reason)));
    this.#inBackground(() => this.close(opened.replaced, 'stream-replaced', replacedDetails));
    this.reporter.report([opened.agent]);
    this.logger.info({ ...identity, sessionNo, version: info.version }, 'agent connected');
    return agent;
  }

  /**
   * Opens the session with the current lease. The lease may expire while the statements wait. Session maintenance moves
   * only sessions that it finds, so this one is moved here.
   */
  async #write({ peer, sessionNo, info }: ConnectedAgent): ReturnType<SessionRepository['open']> {
    const { identity, serial, certificateExpiresAt, address } = peer;
    let replicaId = this.lease.id;
    const session = { ...keyOf(identity), ...info, sessionNo, serial, address, certificateExpiresAt, replicaId };
    const opened = await this.sessions.open(session);
    while (typeof opened !== 'string' && replicaId !== this.lease.id) {
      const expired = replicaId;
      replicaId = this.lease.id;
      const { kept } = await this.sessions.keep([expired], replicaId, [sessionNo]);
      if (kept.length === 0) throw new Error('the lease of this replica expired while the session was opened');
    }
    return opened;
  }

  /** Whether another machine with the same certificate was here before this one. */
  async #isDuplicate({ peer }: ConnectedAgent): Promise<boolean> {
    const { identity, serial, address } = peer;
    const found = await this.duplicates.find({ ...keyOf(identity), serial, address });
    if (found === undefined) return false;
    const { agent, refusedAddress } = found;
    this.reporter.report([agent]);
    this.logger.warn({ ...identity, addresses: agent.duplicate_addresses }, 'two machines use one certificate');
    return refusedAddress === address;
  }

  /** The time since the last heartbeat on an earlier stream of the agent, ms. */
  #earlierHeartbeatAgeMs({ replaced, heartbeatAgeMs }: OpenedSession): number {
    const written = heartbeatAgeMs ?? 0;
    const ages = replaced.map(
      // Another replica may have received one since it wrote them last.
      (sessionNo) => this.heartbeatAgeMs(sessionNo) ?? Math.max(0, written - this.#heartbeatWriteMs),
    );
    return Math.min(written, ...ages);
  }

  #unregister(agent: ConnectedAgent, reason: string): void {
    const { sessionNo, peer } = agent;
    const ageMs = this.#heartbeats.ageOf(agent);
    this.#agents.delete(sessionNo);
    this.#heartbeats.remove(agent);
    void inSpan('close session', { kind: SpanKind.INTERNAL }, async () => {
      this.logger.info({ ...peer.identity, sessionNo, reason }, 'agent disconnected');
      this.#inBackground(async () => {
        const close = () => this.sessions.close(sessionNo, reason, ageMs);
        this.reporter.report(await this.share.run(peer.identity, close));
        this.staleAgents.schedule();
      });
    });
  }

  /** Session maintenance repeats what fails here. */
  #inBackground(work: () => Promise<void>): void {
    const done = work()
      .catch((error: unknown) => this.logger.warn({ err: error }, 'agent transition not written'))
      .finally(() => this.#writes.delete(done));
    this.#writes.add(done);
  }

  #nextExpirySeconds(): number | undefined {
    const expiries = [...this.#agents.values()].map(({ peer }) => peer.certificateExpiresAt.getTime());
    return expiries.length === 0 ? undefined : (expiries.reduce((a, b) => Math.min(a, b)) - Date.now()) / 1_000;
  }
}

async function handleRequest(agent: ConnectedAgent, request: SessionRequest) {
  if (request.action === 'instruct') return agent.instruct(request.type, request.body, request.timeoutMs);
  agent.stream.refuse(request.code, request.details);
  return undefined;
}
