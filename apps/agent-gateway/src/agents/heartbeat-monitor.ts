interface MonitoredAgent {
  /** When its last heartbeat arrived, of this stream or of an earlier one. */
  lastAt: number;
  received: boolean;
  ready: boolean;
}

export interface HeartbeatMonitorOptions<Agent> {
  /** An agent without a heartbeat for this long is not ready. */
  readonly staleAfterMs: number;
  /** Called once when a ready agent becomes stale. */
  readonly onStale: (agent: Agent) => void;
}

/**
 * Measures the heartbeats of agents with a stream, in memory and with the monotonic clock. No period begins before this
 * process did, so that its restart makes no agent stale. Another stream alone starts no new period.
 */
export class HeartbeatMonitor<Agent> {
  readonly #agents = new Map<Agent, MonitoredAgent>();
  readonly #startedAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #checkAt = Infinity;

  constructor(private readonly options: HeartbeatMonitorOptions<Agent>) {}

  /** `ready` is the readiness that the database holds, `ageMs` the time since the last heartbeat of earlier streams. */
  add(agent: Agent, ready: boolean, ageMs: number): void {
    const lastAt = Math.max(this.#startedAt, performance.now() - ageMs);
    this.#agents.set(agent, { lastAt, received: false, ready });
    if (ready && lastAt + this.options.staleAfterMs < this.#checkAt) this.#checkFor(lastAt);
  }

  /** Returns true when this heartbeat makes the agent ready. */
  record(agent: Agent): boolean {
    const monitored = this.#agents.get(agent);
    if (monitored === undefined) return false;
    monitored.lastAt = performance.now();
    monitored.received = true;
    if (monitored.ready) return false;
    monitored.ready = true;
    if (this.#timer === undefined) this.#checkFor(monitored.lastAt);
    return true;
  }

  /** Milliseconds since its last heartbeat, if there was one. */
  ageOf(agent: Agent): number | undefined {
    const monitored = this.#agents.get(agent);
    return monitored?.received ? performance.now() - monitored.lastAt : undefined;
  }

  /** Whether an agent is ready now, and the age of its last heartbeat, null when there was none. */
  stateOf(agent: Agent): { readonly ageMs: number | null; readonly ready: boolean } | undefined {
    const monitored = this.#agents.get(agent);
    return monitored && { ageMs: this.ageOf(agent) ?? null, ready: monitored.ready };
  }

  remove(agent: Agent): void {
    this.#agents.delete(agent);
  }

  stop(): void {
    this.#agents.clear();
    this.#checkFor(Infinity);
  }

  /** Uses one timer for all agents, set to the moment at which the one with the oldest heartbeat becomes stale. */
  #checkFor(oldestAt: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#checkAt = Infinity;
    if (oldestAt === Infinity) return;
    const checkAt = Math.max(oldestAt + this.options.staleAfterMs, performance.now() + 1);
    this.#checkAt = checkAt;
    this.#timer = setTimeout(() => this.#check(checkAt), Math.ceil(checkAt - performance.now()));
  }

  #check(checkAt: number): void {
    const now = performance.now();
    // A late timer means that this process was blocked. Heartbeats may wait in its sockets, so every period restarts.
    const wasBlocked = now - checkAt > this.options.staleAfterMs / 3;
    for (const [agent, monitored] of this.#agents) {
      if (wasBlocked) monitored.lastAt = now;
      const ageMs = now - monitored.lastAt;
      if (!monitored.ready || ageMs < this.options.staleAfterMs) continue;
      monitored.ready = false;
      this.options.onStale(agent);
    }
    let oldestAt = Infinity;
    for (const { lastAt, ready } of this.#agents.values()) if (ready && lastAt < oldestAt) oldestAt = lastAt;
    this.#checkFor(oldestAt);
  }
}
