import type { RateLimiter } from '../grpc/rate-limiter.js';

/** A stream that can stop reading for a while. */
export interface Pausable {
  pause(): unknown;
  resume(): unknown;
}

/** The number of messages of one stream that are handled concurrently. */
const maxConcurrentMessages = 64;

/** Pauses a stream that sends too fast, so that gRPC flow control holds its messages back at the sender. */
export class FlowControl {
  #running = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(
    private readonly source: Pausable,
    private readonly limiter: RateLimiter,
    private readonly key: string,
  ) {}

  /** A message has arrived. */
  begin(): void {
    this.#running += 1;
    if (this.#running >= maxConcurrentMessages) this.source.pause();
    void this.limiter.retryAfterMs(this.key).then((ms) => {
      if (ms > 0) this.#pauseFor(ms);
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
