import { type Clock, type Fault, unavailable } from '@runos/kernel';

/** A complete list of the stored bundles that a leader has worked with. */
export interface CompletedLoad {
  /** Fencing token of that leader. */
  readonly token: number;
  /** resourceVersion of the list. */
  readonly resourceVersion: string;
}

export interface LeaseTermOptions {
  readonly clock: Clock;
  /** Fencing token: each acquisition of the lease has a higher one than all before. */
  readonly token: number;
  /** The lease counts as lost from then on, ms of the monotonic clock. */
  readonly heldUntilMs: number;
  /** The last load of an earlier leader, if there was one. */
  readonly earlierLoad?: CompletedLoad;
}

/** The time during which this agent is the leader of its cluster, from the acquisition of the lease to its end. */
export class LeaseTerm {
  readonly #clock: Clock;
  readonly #ended = new AbortController();
  readonly earlierLoad: CompletedLoad | undefined;
  #token: number;
  #heldUntilMs: number;
  #load: CompletedLoad | undefined;
  #endReason = '';

  constructor({ clock, token, heldUntilMs, earlierLoad }: LeaseTermOptions) {
    this.#clock = clock;
    this.#token = token;
    this.#heldUntilMs = heldUntilMs;
    this.earlierLoad = earlierLoad;
  }

  /** Written with every Secret, so that an agent can find out that a later leader exists. */
  get token(): number {
    return this.#token;
  }

  /** Aborts when the lease is lost, or when this agent must load the stored bundles again. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** A sentence; empty before the end. */
  get endReason(): string {
    return this.#endReason;
  }

  /** How long the lease is still held without a renewal, ms; 0 after the end. */
  get remainingMs(): number {
    return this.ended.aborted ? 0 : Math.max(0, this.#heldUntilMs - this.#clock.monotonicMs());
  }

  get isHeld(): boolean {
    return this.remainingMs > 0;
  }

  recordRenewal(heldUntilMs: number): void {
    this.#heldUntilMs = heldUntilMs;
  }

  /** What this leader works with, once it has loaded it. */
  get load(): CompletedLoad | undefined {
    return this.#load;
  }

  recordLoad(load: CompletedLoad): void {
    this.#load = load;
    this.#token = load.token;
  }

  /** Ends the term at once and returns the error for what cannot be done any more. Later reasons are ignored. */
  end(reason: string): Fault {
    if (!this.ended.aborted) {
      this.#endReason = reason;
      this.#ended.abort();
    }
    return unavailable(`This agent is no longer the leader. ${this.#endReason}`);
  }

  /**
   * Called before and after each write. A process that was paused detects here that its lease has expired.
   * @throws Fault `unavailable` if this agent is no longer the leader
   */
  assertHeld(): void {
    if (!this.isHeld) throw this.end('The lease was not renewed in time.');
  }
}
