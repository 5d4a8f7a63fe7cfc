interface MonitoredAgent {
  /** When its last heartbeat arrived; before the first one, when monitoring began. */
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
 * Measures the heartbeats of agents with a stream, in memory and with the monotonic clock. The first period of an agent
 * begins when its monitoring does, so that a restart of this process makes no agent stale.
 */
export class HeartbeatMonitor<Agent> {
  readonly #agents = new Map<Agent, MonitoredAgent>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: HeartbeatMonitorOptions<Agent>) {}

  /** `ready` is the readiness that the database holds. */
  add(agent: Agent, ready: boolean): void {
    this.#agents.set(agent, { lastAt: performance.now(), received: false, ready });
    this.#schedule();
  }

  /** Returns true when this heartbeat makes the agent ready. */
  record(agent: Agent): boolean {
    const monitored = this.#agents.get(agent);
    if (monitored === undefined) return false;
    monitored.lastAt = performance.now();
    monitored.received = true;
    if (monitored.ready) return false;
    monitored.ready = true;
    this.#schedule();
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
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Uses one timer for all agents, set to the earliest moment at which one becomes stale. */
  #schedule(): void {
    if (this.#timer !== undefined) return;
    let oldest = Infinity;
    for (const { lastAt, ready } of this.#agents.values()) if (ready && lastAt < oldest) oldest = lastAt;
    if (oldest === Infinity) return;
    const checkAt = oldest + this.options.staleAfterMs;
    this.#timer = setTimeout(() => this.#check(checkAt), Math.max(1, Math.ceil(checkAt - performance.now())));
  }

  #check(checkAt: number): void {
    this.#timer = undefined;
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
    this.#schedule();
  }
}
