import type { LogEntry } from '@runos/agent-protocol';
import type { Clock } from '@runos/kernel';
import type { LogContainer } from './log-containers.js';
import { diagnostic, parseLogLine } from './log-line.js';
import { unreadable } from './unreadable.js';
import type { LineSelection } from './pod-logs.js';

/**
 * The lines before its end from which a log goes on: the next number if there are more, and all after the last one. With
 * `sinceTime` alone, a kubelet reads the whole file from its beginning, which takes seconds if the container logs much.
 */
const resumedLines = [10_000, 100_000];

/** How far the log of one container was read, through all its runs. */
export class LogProgress {
  /** Its log is being read. */
  isOpen = false;
  /** The run of which all was read: it had ended before. */
  completedRun: string | undefined;
  /** Why its log could not be read last. Undefined after a reading without a problem. */
  problem: string | undefined;
  #last: string | undefined;
  /** The lines with the last timestamp: several may have the same. */
  #countOfLast = 0;
  /** How often in a row more lines were logged since the last one that was read than were requested. */
  #misses = 0;
  /** The run that was read last. */
  #run: string | undefined;

  constructor(private readonly clock: Clock) {}

  /** What selects the lines that were not read yet, apart from those that `entries` leaves out. */
  selection({ run }: LogContainer, sinceSeconds: number | undefined): LineSelection {
    if (this.#last === undefined) return { sinceSeconds };
    // Another run has a log of its own, without the last line that was read.
    const tailLines = run === this.#run ? resumedLines[this.#misses] : undefined;
    return { sinceTime: this.#last, ...(tailLines === undefined ? {} : { tailLines }) };
  }

  /**
   * The entries of lines; those that were read before are left out. Returns whether these are all: if lines may be missing
   * before the first one, there are none, and the next selection has more. A line without a timestamp is of the kubelet.
   * Where the runtime has lost the file of a run, the response is HTTP 200 with the reason as its only line.
   */
  async *entries(
    container: LogContainer,
    lines: AsyncIterable<readonly string[]>,
    { tailLines }: LineSelection,
  ): AsyncGenerator<LogEntry[], boolean> {
    const [resumed, isRepeated] = [this.#last, this.#repetitions()];
    this.#run = container.run;
    let isFirst = resumed !== undefined && tailLines !== undefined;
    let problem: string | undefined;
    for await (const batch of lines) {
      // The last line that was read comes again, unless more lines than were requested came after it.
      if (isFirst && isAfter(batch[0], resumed)) {
        this.#misses += 1;
        return false;
      }
      isFirst = false;
      this.#misses = 0;
      const entries: LogEntry[] = [];
      for (const line of batch) {
        const { timestamp, message } = parseLogLine(line);
        if (timestamp === undefined) {
          problem = unreadable(container, message);
          // A log that is followed is opened again and again.
          if (problem !== this.problem) entries.push(diagnostic(this.clock.now(), problem, container.podName));
          this.problem = problem;
        } else if (!isRepeated(timestamp)) entries.push(this.#entryOf(container, timestamp, message));
      }
      if (entries.length > 0) yield entries;
    }
    this.problem = problem;
    return true;
  }

  /** Whether the next line, which has this timestamp, was read before. The first line that was not ends the repetitions. */
  #repetitions(): (timestamp: string) => boolean {
    const earlier = this.#last;
    let repeated = earlier === undefined ? -1 : this.#countOfLast;
    return (timestamp) => {
      if (earlier === undefined || repeated < 0) return false;
      if (timestamp < earlier) return true;
      if (timestamp === earlier && repeated > 0) {
        repeated -= 1;
        return true;
      }
      repeated = -1;
      return false;
    };
  }

  #entryOf({ podName, containerName }: LogContainer, timestamp: string, message: string): LogEntry {
    this.#record(timestamp);
    return { timestamp, podName, containerName, message };
  }

  /** Lines of one container may be slightly out of order. */
  #record(timestamp: string): void {
    if (this.#last !== undefined && timestamp < this.#last) return;
    this.#countOfLast = timestamp === this.#last ? this.#countOfLast + 1 : 1;
    this.#last = timestamp;
  }
}

const isAfter = (line = '', timestamp = ''): boolean => (parseLogLine(line).timestamp ?? '') > timestamp;
