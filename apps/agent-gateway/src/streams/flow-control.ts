import type { RateLimiter } from '../grpc/rate-limiter.js';

/** A stream that can stop reading for a while. */
export interface Pausable {
  pause(): unknown;
  resume(): unknown;
}

/** The number of messages of one stream that are handled concurrently. */
const maxConcurrentMessages = 64;

/** The messages and the bytes that one sender may send in a time. */
export interface ReceiveBudget {
  readonly messages: RateLimiter;
  readonly bytes: RateLimiter;
}

/** Pauses a stream that sends too fast, so that gRPC flow control holds its messages back at the sender. */
export class FlowControl {
  #running = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(
    private readonly source: Pausable,
    private readonly budget: ReceiveBudget,
    private readonly key: string,
  ) {}

  /** A message of this length has arrived. */
  begin(bytes: number): void {
    this.#running += 1;
    if (this.#running >= maxConcurrentMessages) this.source.pause();
    const { messages, bytes: ofBytes } = this.budget;
    const waits = [messages.retryAfterMs(this.key), ofBytes.retryAfterMs(this.key, bytes)];
    void Promise.all(waits).then((ms) => {
      if (Math.max(...ms) > 0) this.#pauseFor(Math.max(...ms));
    });
  }

  /** The message is handled. */
  end(): void {
    this.#running -= 1;
    this.#resumeIfPossible();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #pauseFor(ms: number): void {
    if (this.#timer !== undefined || this.#isStopped) return;
    this.source.pause();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#resumeIfPossible();
    }, ms);
  }

  #resumeIfPossible(): void {
    if (this.#timer === undefined && this.#running < maxConcurrentMessages) this.source.resume();
  }
}
