import type { LogEntry } from '@runos/agent-protocol';
import type { Clock } from '@runos/kernel';
import { lengthOf } from './log-line.js';

/** The length of the entries of one container that wait for those of the others. */
const maxSourceLength = 64 * 1024;

interface Queued {
  readonly entry: LogEntry;
  /** Of its arrival, on the monotonic clock, ms. */
  readonly at: number;
}

/** The log of one container. */
class Source {
  readonly queue: Queued[] = [];
  length = 0;
  hasEnded = false;
  /** Continues to read its log. */
  resume: (() => void) | undefined;

  get isFull(): boolean {
    return this.length >= maxSourceLength;
  }
}

/**
 * Merges the logs of several containers in the order of their timestamps. Each log is in that order itself. An entry waits
 * until every other log has one, at most `windowMs`: a container that logs nothing must not hold back the others. While
 * the entries are not taken, no log is read any further.
 */
export class MergedLogs {
  readonly #sources = new Set<Source>();
  #isFinished = false;
  #wake: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly windowMs: number,
  ) {}

  /** Adds a log. Resolves when all of it is taken, or the entries are not taken any more. */
  async add(entries: AsyncIterable<LogEntry>): Promise<void> {
    const source = new Source();
    this.#sources.add(source);
    try {
      for await (const entry of entries) {
        if (this.#isFinished && !this.#sources.has(source)) return;
        source.queue.push({ entry, at: this.clock.monotonicMs() });
        source.length += lengthOf(entry);
        if (source.queue.length === 1 || source.isFull) this.#wake?.();
        if (source.isFull) await new Promise<void>((resolve) => (source.resume = resolve));
      }
    } finally {
      source.hasEnded = true;
      this.#wake?.();
    }
  }

  /** The entries end when those of all logs so far are taken. */
  finish(): void {
    this.#isFinished = true;
    this.#wake?.();
  }

  /** To be called once. */
  async *entries(signal: AbortSignal): AsyncGenerator<LogEntry> {
    try {
      while (!signal.aborted) {
        const next = this.#next();
        if (next === undefined) return;
        if (typeof next === 'number') await this.#wait(next, signal);
        else yield next;
      }
    } finally {
      this.#release();
    }
  }

  /** The next entry; undefined at the end; or for how many ms there may be none. */
  #next(): LogEntry | number | undefined {
    let first: Source | undefined;
    let isComplete = true;
    for (const source of this.#sources) {
      const head = source.queue[0];
      if (head === undefined && source.hasEnded) this.#sources.delete(source);
      else if (head === undefined) isComplete = false;
      else if (first === undefined || isBefore(head, first.queue[0])) first = source;
    }
    if (first === undefined) return this.#sources.size === 0 && this.#isFinished ? undefined : Infinity;
    // A full log cannot be read any further before its entries are taken.
    const waitMs = isComplete || this.#isAnyFull() ? 0 : this.#waitMsOf(first);
    return waitMs > 0 ? waitMs : this.#take(first);
  }

  #isAnyFull(): boolean {
    for (const source of this.#sources) if (source.isFull) return true;
    return false;
  }

  #waitMsOf({ queue }: Source): number {
    return (queue[0]?.at ?? 0) + this.windowMs - this.clock.monotonicMs();
  }

  #take(source: Source): LogEntry | undefined {
    const entry = source.queue.shift()?.entry;
    if (entry === undefined) return undefined;
    source.length -= lengthOf(entry);
    if (!source.isFull) this.#resume(source);
    return entry;
  }

  #resume(source: Source): void {
    source.resume?.();
    source.resume = undefined;
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    const stop = () => woken.abort();
    signal.addEventListener('abort', stop, { once: true });
    if (Number.isFinite(ms)) await this.clock.sleep(ms, woken.signal);
    else await new Promise<void>((resolve) => woken.signal.addEventListener('abort', () => resolve(), { once: true }));
    signal.removeEventListener('abort', stop);
    this.#wake = undefined;
  }

  #release(): void {
    this.#isFinished = true;
    const sources = [...this.#sources];
    this.#sources.clear();
    for (const source of sources) this.#resume(source);
  }
}

const isBefore = ({ entry }: Queued, other: Queued | undefined): boolean =>
  other === undefined || entry.timestamp < other.entry.timestamp;
