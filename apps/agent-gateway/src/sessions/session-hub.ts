import { isDeepStrictEqual } from 'node:util';
import type { Refusal } from '@runos/agent-protocol';
import { gauge, inSpan, type Logger, withoutTrace, SpanKind, traceOf } from '@runos/observability';
import { keyOf } from '../agents/agent-key.js';
import type { AgentRow, AgentStore, Introduction } from '../agents/agent-store.js';
import { Heartbeats } from '../agents/heartbeats.js';
import type { PresenceTeller } from '../agents/presence-teller.js';
import type { AgentStream } from '../streams/agent-stream.js';
import { LiveAgent, type Peer } from '../streams/live-agent.js';
import type { ReplicaLease } from './replica-lease.js';
import type { SessionLines } from './session-lines.js';
import type { SessionStore } from './session-store.js';
import type { SessionOrder } from './session-subject.js';

export interface SessionHubParts {
  readonly sessions: SessionStore;
  readonly agents: AgentStore;
  readonly lines: SessionLines;
  readonly lease: ReplicaLease;
  readonly presence: PresenceTeller;
  readonly logger: Logger;
  readonly staleAfterMs: number;
  /** Something happened after which agents without a stream may be stale by and by. */
  readonly onAbsent: () => void;
}

/** The streams of this replica: opened, watched and closed, with a transition written and told for each. */
export class SessionHub {
  readonly #live = new Map<number, LiveAgent>();
  readonly #opening = new Set<number>();
  readonly #writing = new Set<Promise<void>>();
  readonly heartbeats: Heartbeats<LiveAgent>;

  constructor(private readonly parts: SessionHubParts) {
    gauge('runos_agent_streams', () => this.#live.size);
    gauge('runos_agent_certificate_expires_seconds', () => this.#soonestExpirySeconds());
    this.heartbeats = new Heartbeats({
      staleAfterMs: parts.staleAfterMs,
      onStale: (agent, ageMs) => this.#transition(() => this.parts.agents.notReady(this.#beatOf(agent, ageMs ?? null))),
    });
  }

  /** Sessions this replica holds, and those it is about to. */
  get held(): number[] {
    return [...this.#live.keys(), ...this.#opening];
  }

  #soonestExpirySeconds(): number | undefined {
    const ends = [...this.#live.values()].map(({ peer }) => peer.certificateExpiresAt.getTime());
    return ends.length === 0 ? undefined : (ends.reduce((a, b) => Math.min(a, b)) - Date.now()) / 1_000;
  }

  /** Takes a stream in, as a trace of its own. Undefined, with the stream refused, when a newer one of the same agent came first. */
  open(peer: Peer, stream: AgentStream, said: Introduction): Promise<LiveAgent | undefined> {
    return inSpan('open a session', { kind: SpanKind.SERVER }, () => this.#open(peer, stream, said));
  }

  async #open(peer: Peer, stream: AgentStream, said: Introduction): Promise<LiveAgent | undefined> {
    const sessionNo = await this.parts.sessions.nextNo();
    const agent = new LiveAgent(peer, sessionNo, stream, said);
    this.#opening.add(sessionNo);
    try {
      const hangUp = await this.parts.lines.open(sessionNo, (order) => this.#obey(agent, order));
      void stream.over.then(hangUp);
      return await this.#enter(agent);
    } finally {
      this.#opening.delete(sessionNo);
    }
  }

  async #enter(agent: LiveAgent): Promise<LiveAgent | undefined> {
    const { sessions, lease, presence, logger } = this.parts;
    const { peer, sessionNo, stream, said } = agent;
    const { identity, serial, certificateExpiresAt } = peer;
    const session = { ...keyOf(identity), ...said, sessionNo, serial, certificateExpiresAt, replica: lease.id };
    const opened = await sessions.open(session);
    if (opened === undefined) {
      stream.refuse('stream-replaced', 'a newer stream of the same agent is open');
      return undefined;
    }
    this.#live.set(sessionNo, agent);
    withoutTrace(() => this.heartbeats.watch(agent, opened.agent.ready));
    void stream.over.then((reason) => withoutTrace(() => this.#closed(agent, reason)));
    this.#dropReplaced(opened.replaced);
    presence.tell([opened.agent]);
    logger.info({ ...identity, sessionNo, version: said.version }, 'an agent is connected');
    return agent;
  }

  /** A heartbeat. Only the first one after a silence is written. */
  beat(agent: LiveAgent): void {
    if (this.heartbeats.beat(agent)) this.#transition(() => this.parts.agents.ready(this.#beatOf(agent, 0)));
  }

  /** What an agent says of itself; written only when it is news. */
  introduce(agent: LiveAgent, said: Partial<Introduction>): void {
    const now = { ...agent.said, ...said };
    if (isDeepStrictEqual(now, agent.said)) return;
    agent.said = now;
    this.#transition(() => this.parts.agents.introduce(keyOf(agent.peer.identity), agent.sessionNo, now));
  }

  find(sessionNo: number): LiveAgent | undefined {
    return this.#live.get(sessionNo);
  }

  /** Ends these sessions, here or on whatever replica. */
  async end(sessionNos: readonly number[], refusal: Refusal, details: string): Promise<void> {
    const elsewhere = sessionNos.filter((no) => !this.#live.has(no));
    for (const no of sessionNos) this.#live.get(no)?.stream.refuse(refusal, details);
    await this.parts.lines.end(elsewhere, refusal, details);
  }

  /** Ends every stream of this replica. */
  dropAll(refusal: Refusal, details: string): void {
    for (const agent of [...this.#live.values()]) agent.stream.refuse(refusal, details);
  }

  /** Writes when the agents with a stream were heard last, and readiness that could not be written before. */
  async noteBeats(): Promise<void> {
    const seen = [...this.heartbeats.all()].map(({ key, ageMs, ready }) => ({ ...this.#beatOf(key, ageMs), ready }));
    if (seen.length > 0) this.parts.presence.tell(await this.parts.agents.note(seen));
  }

  /** Resolves when every transition that has begun is written, or has failed. */
  async settled(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve)); // streams that ended just now begin theirs
    while (this.#writing.size > 0) await Promise.all(this.#writing);
  }

  async #obey(agent: LiveAgent, order: SessionOrder) {
    if (order.do === 'end') {
      agent.stream.refuse(order.refusal, order.details);
      return undefined;
    }
    const { type, body, timeoutMs, trace } = order;
    return inSpan('hold a session', { kind: SpanKind.SERVER, parent: traceOf(trace) }, () =>
      agent.instruct(type, body, timeoutMs),
    );
  }

  #dropReplaced(replaced: readonly number[]): void {
    const details = 'a newer stream of the same agent is open';
    this.#background(() => this.end(replaced, 'stream-replaced', details));
  }

  #closed(agent: LiveAgent, reason: string): void {
    const { sessions, logger, onAbsent } = this.parts;
    const { sessionNo, peer } = agent;
    const ageMs = this.heartbeats.ageOf(agent);
    this.#live.delete(sessionNo);
    this.heartbeats.unwatch(agent);
    void inSpan('close a session', { kind: SpanKind.INTERNAL }, async () => {
      logger.info({ ...peer.identity, sessionNo, reason }, 'an agent is gone');
      this.#transition(() => sessions.close(sessionNo, reason, ageMs), onAbsent);
    });
  }

  #transition(write: () => Promise<AgentRow[]>, then: () => void = () => undefined): void {
    this.#background(async () => {
      this.parts.presence.tell(await write());
      then();
    });
  }

  /** A transition that cannot be written now is found missing by the next look, and written then. */
  #background(work: () => Promise<void>): void {
    const done = work()
      .catch((error: unknown) => this.parts.logger.warn({ err: error }, 'a transition of an agent is not written yet'))
      .finally(() => this.#writing.delete(done));
    this.#writing.add(done);
  }

  #beatOf({ peer, sessionNo }: LiveAgent, ageMs: number | null) {
    return { ...keyOf(peer.identity), sessionNo, ageMs };
  }
}
