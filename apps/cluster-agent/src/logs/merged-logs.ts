import type { LogEntry } from '@runos/agent-protocol';
import type { Clock } from '@runos/kernel';
import { lengthOf } from './log-line.js';

/** The length of the entries of one container that wait for those of the others. */
const maxSourceLength = 64 * 1024;
/** The length of the entries that are taken together. */
const maxBatchLength = 32 * 1024;

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
  async add(batches: AsyncIterable<readonly LogEntry[]>): Promise<void> {
    const source = new Source();
    this.#sources.add(source);
    try {
      for await (const batch of batches) {
        if (this.#isFinished && !this.#sources.has(source)) return;
        const wasEmpty = source.queue.length === 0;
        const at = this.clock.monotonicMs();
        for (const entry of batch) {
          source.queue.push({ entry, at });
          source.length += lengthOf(entry);
        }
        if (wasEmpty || source.isFull) this.#wake?.();
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
  async *entries(signal: AbortSignal): AsyncGenerator<LogEntry[]> {
    try {
      while (!signal.aborted) {
        const batch: LogEntry[] = [];
        const waitMs = this.#takeInto(batch);
        if (batch.length > 0) yield batch;
        else if (waitMs === undefined) return;
        else await this.#wait(waitMs, signal);
      }
    } finally {
      this.#release();
    }
  }

  /** Takes the entries that wait for no others, some of them. Returns for how many ms there may be none; undefined at the end. */
  #takeInto(batch: LogEntry[]): number | undefined {
    for (let length = 0; length < maxBatchLength;) {
      const next = this.#next();
      if (next === undefined || typeof next === 'number') return next;
      batch.push(next);
      length += lengthOf(next);
    }
    return 0;
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
    // Without a reason, each abort creates an error with its stack.
    const stop = () => woken.abort('woken');
    this.#wake = stop;
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
