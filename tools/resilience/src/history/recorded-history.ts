import { performance } from 'node:perf_hooks';
import { RecentEntries } from './recent-entries.js';
import { SharedBodies } from './shared-bodies.js';

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
  /** The `Idempotency-Key` of a write. */
  readonly key?: string;
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

/** What the cluster agent reports of an instance at the end of a run. */
export interface AgentReport {
  readonly osid: string;
  readonly from: HistoryTime;
  readonly to: HistoryTime;
  /** The generation of the bundle that the agent stores. */
  readonly generation: number;
  /** Each object of this bundle is ready in the cluster. */
  readonly ready: boolean;
}

/** Reads beyond this number are not recorded: seven hours at ten per second. */
const maxReads = 250_000;
/** The reads of which an equal one may follow. */
const maxRecentReads = 5_000;

/**
 * What clients requested and received during a run, by one monotonic clock. Equal parts of responses are stored once. Of
 * several equal reads in a row the first and the last are kept, because they contradict whatever one between them does.
 */
export class RecordedHistory {
  readonly operations: Operation[] = [];
  readonly restores: Restore[] = [];
  readonly agentReports: AgentReport[] = [];
  /** The number of reads beyond the limit. */
  lostReads = 0;
  readonly #startedAt = performance.now();
  readonly #bodies = new SharedBodies();
  /** The positions of the last two equal reads, by client and path. */
  readonly #repeated = new RecentEntries<readonly number[]>(maxRecentReads);
  #reads = 0;

  now(): HistoryTime {
    return performance.now() - this.#startedAt;
  }

  record(operation: Omit<Operation, 'to'>): void {
    const recorded = { ...operation, response: this.#bodies.share(operation.response), to: this.now() };
    if (operation.method !== 'GET') return void this.operations.push(recorded);
    const key = `${operation.client} ${operation.path}`;
    const equal = operation.events === undefined ? this.#equalReads(key, recorded) : [];
    const [, last] = equal;
    if (last !== undefined) {
      this.operations[last] = recorded;
    } else if (this.#reads >= maxReads) {
      this.lostReads += 1;
    } else {
      this.#reads += 1;
      this.#repeated.set(key, [...equal, this.operations.push(recorded) - 1]);
    }
  }

  #equalReads(key: string, { status, response }: Operation): readonly number[] {
    const positions = this.#repeated.get(key) ?? [];
    const isEqual = (position: number): boolean => {
      const earlier = this.operations[position];
      return earlier?.status === status && earlier?.response === response;
    };
    return positions.every(isEqual) ? positions : [];
  }
}
