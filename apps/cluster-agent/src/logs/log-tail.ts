import type { LogEntry } from '@runos/agent-protocol';
import { lengthOf } from './log-line.js';

/** The length of the newest lines that are kept until all logs are read. */
const maxTailLength = 4 * 1024 * 1024;

/** The newest entries, at most `max` of them and at most `maxTailLength` in all. */
export class LogTail {
  #entries: LogEntry[] = [];
  /** Entries before this index are dropped; it saves moving all others for each. */
  #first = 0;
  #length = 0;
  #isTruncated = false;

  constructor(private readonly max: number) {}

  /** Fewer than `max` are kept, because their messages are too long. */
  get isTruncated(): boolean {
    return this.#isTruncated;
  }

  add(entry: LogEntry): void {
    this.#entries.push(entry);
    this.#length += lengthOf(entry);
    if (this.#entries.length - this.#first > this.max) this.#drop();
    while (this.#length > maxTailLength) {
      this.#isTruncated = true;
      this.#drop();
    }
  }

  /** Returns the entries, oldest first, and keeps none. */
  take(): LogEntry[] {
    const entries = this.#entries;
    const first = this.#first;
    this.#entries = [];
    this.#first = 0;
    this.#length = 0;
    return entries.slice(first);
  }

  #drop(): void {
    const dropped = this.#entries[this.#first];
    if (dropped === undefined) return;
    this.#length -= lengthOf(dropped);
    this.#first += 1;
    if (this.#first < this.#entries.length / 2) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#first = 0;
  }
}
