import type { RateLimiter } from '../grpc/rate-limiter.js';
import type { MessagesInFlight } from './messages-in-flight.js';

/** A stream that can stop reading for a while. */
export interface Pausable {
  pause(): unknown;
  resume(): unknown;
}

/** The messages and the bytes that one sender may send in a time, and the messages of it that are handled. */
export interface ReceiveBudget {
  readonly messages: RateLimiter;
  readonly bytes: RateLimiter;
  readonly inFlight: MessagesInFlight;
}

/** Pauses a stream that sends too fast, so that gRPC flow control holds its messages back at the sender. */
export class FlowControl {
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(
    private readonly source: Pausable,
    private readonly budget: ReceiveBudget,
    private readonly key: string,
  ) {
    budget.inFlight.add(key, this);
  }

  /** A message of this length has arrived. */
  begin(bytes: number): void {
    this.budget.inFlight.begin(this.key);
    const { messages, bytes: ofBytes } = this.budget;
    const waits = [messages.retryAfterMs(this.key), ofBytes.retryAfterMs(this.key, bytes)];
    void Promise.all(waits).then((ms) => {
      if (Math.max(...ms) > 0) this.#pauseFor(Math.max(...ms));
    });
  }

  /** A reply has arrived that an instruction waits for. The rate of instructions limits it already. */
  beginReply(): void {
    this.budget.inFlight.begin(this.key);
  }

  /** The message is handled, perhaps after the end of its stream. */
  end(): void {
    this.budget.inFlight.end(this.key);
  }

  /** The number of messages in flight of this sender has changed. */
  update(): void {
    if (this.budget.inFlight.isFull(this.key)) this.source.pause();
    else if (this.#timer === undefined) this.source.resume();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.budget.inFlight.remove(this.key, this);
  }

  #pauseFor(ms: number): void {
    if (this.#timer !== undefined || this.#isStopped) return;
    this.source.pause();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.update();
    }, ms);
  }
}
