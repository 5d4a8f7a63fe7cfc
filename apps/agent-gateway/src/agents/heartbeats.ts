interface Watched {
  /** When it was heard, or first watched. */
  since: number;
  beaten: boolean;
  ready: boolean;
}

export interface HeartbeatOptions<Key> {
  /** Without a beat for this long an agent is not ready. */
  readonly staleAfterMs: number;
  /** Called once when an agent that was ready goes stale; the age of its last beat, if there was one. */
  readonly onStale: (key: Key, ageMs: number | undefined) => void;
}

/**
 * When each agent with a stream was heard last, in memory only. Ages are measured by a clock that nobody sets, and an
 * agent's first span begins when it is watched: nobody goes stale because this process has only just started.
 */
export class Heartbeats<Key> {
  readonly #watched = new Map<Key, Watched>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: HeartbeatOptions<Key>) {}

  /** `ready`: what is written down about it. */
  watch(key: Key, ready: boolean): void {
    this.#watched.set(key, { since: performance.now(), beaten: false, ready });
    this.#schedule();
  }

  /** True when the agent becomes ready by this beat. */
  beat(key: Key): boolean {
    const watched = this.#watched.get(key);
    if (watched === undefined) return false;
    watched.since = performance.now();
    watched.beaten = true;
    if (watched.ready) return false;
    watched.ready = true;
    this.#schedule();
    return true;
  }

  /** Milliseconds since its last beat, if there was one. */
  ageOf(key: Key): number | undefined {
    const watched = this.#watched.get(key);
    return watched?.beaten ? performance.now() - watched.since : undefined;
  }

  /** Everybody watched: how long ago each was heard, if at all, and whether that makes it ready. */
  *all(): Generator<{ key: Key; ageMs: number | null; ready: boolean }> {
    const now = performance.now();
    for (const [key, { since, beaten, ready }] of this.#watched)
      yield { key, ageMs: beaten ? now - since : null, ready };
  }

  unwatch(key: Key): void {
    this.#watched.delete(key);
  }

  stop(): void {
    this.#watched.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** One timer for all: at the moment the longest silent one would be stale. */
  #schedule(): void {
    if (this.#timer !== undefined) return;
    let oldest = Infinity;
    for (const { since, ready } of this.#watched.values()) if (ready && since < oldest) oldest = since;
    if (oldest === Infinity) return;
    const dueAt = oldest + this.options.staleAfterMs;
    this.#timer = setTimeout(() => this.#check(dueAt), Math.max(1, Math.ceil(dueAt - performance.now())));
  }

  #check(dueAt: number): void {
    this.#timer = undefined;
    const now = performance.now();
    // Late itself, this process was held up: what it did not hear may wait in its sockets, so the span begins anew.
    const heldUp = now - dueAt > this.options.staleAfterMs / 3;
    for (const [key, watched] of this.#watched) {
      if (heldUp) watched.since = now;
      const ageMs = now - watched.since;
      if (!watched.ready || ageMs < this.options.staleAfterMs) continue;
      watched.ready = false;
      this.options.onStale(key, watched.beaten ? ageMs : undefined);
    }
    this.#schedule();
  }
}
