import { performance } from 'node:perf_hooks';

/** A time by the monotonic clock of this process, ms since the start of the history. */
export type HistoryTime = number;

/** A server-sent event of a job stream, with the time of its arrival. */
export interface StreamEvent {
  readonly at: HistoryTime;
  readonly event: string;
  readonly data: unknown;
}

/** One request of a client from its first attempt to its last response. */
export interface Operation {
  /** The client and the replica that responded, for messages. */
  readonly client: string;
  readonly method: string;
  readonly path: string;
  readonly request?: unknown;
  readonly from: HistoryTime;
  readonly to: HistoryTime;
  readonly attempts: number;
  /** The status of the response; undefined when the client received none. */
  readonly status?: number | undefined;
  readonly response?: unknown;
  /** The events of a job stream, in the order of arrival. */
  readonly events?: readonly StreamEvent[];
}

/** The database of a service was replaced by an older backup of itself. */
export interface Restore {
  readonly database: 'jobs' | 'reconciler';
  /** When the backup began: what was acknowledged later may be missing from it. */
  readonly backupAt: HistoryTime;
  readonly from: HistoryTime;
  readonly to: HistoryTime;
}

/** What clients requested and received during a run, by one monotonic clock. */
export class RecordedHistory {
  readonly operations: Operation[] = [];
  readonly restores: Restore[] = [];
  readonly #startedAt = performance.now();

  now(): HistoryTime {
    return performance.now() - this.#startedAt;
  }

  record(operation: Omit<Operation, 'to'>): void {
    this.operations.push({ ...operation, to: this.now() });
  }
}
