import { type LogEntry, maxLogReplyLength, maxLogWaitMs, type READ_LOGS, type ReplyOf } from '@runos/agent-protocol';
import type { Clock } from '@runos/kernel';
import { lengthOf } from './log-line.js';

/** A reply waits this long for more entries after the first, ms: a busy log then needs few replies. */
const gatherMs = 50;

/**
 * One open log. It buffers the entries for one reply, and reads on when they are taken. So the memory is bounded, and a slow
 * reader slows only its own log.
 */
export class LogReading {
  #entries: LogEntry[] = [];
  #length = 0;
  #hasEnded = false;
  #isTruncated = false;
  /** The number of the reading that gets the next entries. */
  #next = 1;
  /** Later numbers whose readings got none, because those before had not come. Others do not wait for them. */
  readonly #skipped = new Set<number>();
  readonly #closing = new AbortController();
  readonly #changes = new Set<() => void>();

  constructor(private readonly clock: Clock) {}

  /** Aborts when nothing more is read. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  setTruncated(): void {
    this.#isTruncated = true;
  }

  /** Buffers entries until they end or the reading is closed. Never rejects. */
  async fill(batches: AsyncGenerator<LogEntry[]>, onError: (error: unknown) => void): Promise<void> {
    try {
      for await (const batch of batches) {
        for (const entry of batch) {
          this.#add(entry);
          while (this.#isFull && !this.signal.aborted) await this.#changed(Infinity);
          if (this.signal.aborted) return;
        }
      }
    } catch (error) {
      if (!this.signal.aborted) onError(error);
    } finally {
      this.#hasEnded = true;
      this.#notify();
    }
  }

  /**
   * The next entries, or none after `maxLogWaitMs`. With a number, they are those after the entries of the number before.
   * None too while that one has not come.
   */
  async read(number = this.#next): Promise<ReplyOf<typeof READ_LOGS>> {
    const until = this.clock.monotonicMs() + maxLogWaitMs;
    while (this.#next < number && !this.signal.aborted) {
      const ms = until - this.clock.monotonicMs();
      if (ms <= 0) {
        this.#skipped.add(number);
        return { entries: [], ended: false, truncated: false };
      }
      await this.#changed(ms);
    }
    await this.#until(() => this.#entries.length > 0, until);
    await this.#until(() => this.#isFull, Math.min(until, this.clock.monotonicMs() + gatherMs));
    const entries = this.#entries;
    this.#entries = [];
    this.#length = 0;
    this.#next = Math.max(this.#next, number + 1);
    while (this.#skipped.delete(this.#next)) this.#next += 1;
    this.#notify();
    return { entries, ended: this.#hasEnded, truncated: this.#isTruncated };
  }

  close(): void {
    this.#closing.abort();
    this.#notify();
  }

  #add(entry: LogEntry): void {
    this.#entries.push(entry);
    this.#length += lengthOf(entry);
    if (this.#entries.length === 1 || this.#isFull) this.#notify();
  }

  get #isFull(): boolean {
    return this.#length >= maxLogReplyLength;
  }

  async #until(isReached: () => boolean, until: number): Promise<void> {
    while (!isReached() && !this.#hasEnded && !this.signal.aborted) {
      const ms = until - this.clock.monotonicMs();
      if (ms <= 0) return;
      await this.#changed(ms);
    }
  }

  /** Resolves with the next change, or after `ms`. */
  async #changed(ms: number): Promise<void> {
    const changed = new AbortController();
    // Without a reason, each abort creates an error with its stack.
    const onChange = () => changed.abort('changed');
    this.#changes.add(onChange);
    if (Number.isFinite(ms)) await this.clock.sleep(ms, changed.signal);
    else
      await new Promise<void>((resolve) => changed.signal.addEventListener('abort', () => resolve(), { once: true }));
    this.#changes.delete(onChange);
  }

  #notify(): void {
    for (const onChange of [...this.#changes]) onChange();
  }
}
