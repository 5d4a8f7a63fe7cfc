import type { LogEntry } from '@runos/agent-protocol';
import type { Clock } from '@runos/kernel';
import type { LogContainer } from './log-containers.js';
import { parseLogLine, timestampOf } from './log-line.js';
import type { LineSelection } from './pod-logs.js';

/** How far the log of one container was read, through all its runs. */
export class LogProgress {
  /** Its log is being read. */
  isOpen = false;
  /** The run of which all was read: it had ended before. */
  completedRun: string | undefined;
  /** Why its log could not be read last. */
  problem: string | undefined;
  #last: string | undefined;
  /** The lines with the last timestamp: several may have the same. */
  #countOfLast = 0;

  constructor(private readonly clock: Clock) {}

  /** What selects the lines that were not read yet, apart from those that `entries` leaves out. */
  selection(sinceSeconds: number | undefined): LineSelection {
    return this.#last === undefined ? { sinceSeconds } : { sinceTime: this.#last };
  }

  /** The entries of lines; those that were read before are left out. */
  async *entries({ podName, containerName }: LogContainer, lines: AsyncIterable<string>): AsyncGenerator<LogEntry> {
    const earlier = this.#last;
    let repeated = earlier === undefined ? 0 : this.#countOfLast;
    for await (const line of lines) {
      const read = parseLogLine(line);
      if (earlier !== undefined && repeated >= 0 && read.timestamp !== undefined) {
        if (read.timestamp < earlier) continue;
        if (read.timestamp === earlier && repeated > 0) {
          repeated -= 1;
          continue;
        }
        repeated = -1;
      }
      const timestamp = read.timestamp ?? this.#last ?? timestampOf(this.clock.now());
      this.#record(timestamp);
      yield { timestamp, podName, containerName, message: read.message };
    }
  }

  /** Lines of one container may be slightly out of order. */
  #record(timestamp: string): void {
    if (this.#last !== undefined && timestamp < this.#last) return;
    this.#countOfLast = timestamp === this.#last ? this.#countOfLast + 1 : 1;
    this.#last = timestamp;
  }
}
