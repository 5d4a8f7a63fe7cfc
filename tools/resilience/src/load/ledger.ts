import { RecordedHistory } from '../history/recorded-history.js';
import { WriteGate } from './write-gate.js';

/** An accepted change: the number that it set, and the times of request and response, ms since the epoch. */
export interface Write {
  readonly cpuLimitMc: number;
  readonly from: number;
  readonly to: number;
}

/** One instance, as the responses to its clients describe it. */
export interface LedgerInstance {
  readonly osid: string;
  readonly path: string;
  /** The `Idempotency-Key` that created it. */
  readonly key: string;
  readonly writes: Write[];
  /** Whether its deletion was accepted. */
  deleted: boolean;
}

/** The accepted requests so far, against which the plane is checked. */
export class Ledger {
  readonly instances: LedgerInstance[] = [];
  /** The ids of accepted jobs by the `Idempotency-Key` that created them. */
  readonly jobs = new Map<string, string>();
  /** Jobs that failed because the agent stored what a restored database had lost. */
  readonly divergedJobs = new Set<string>();
  readonly writes = new WriteGate();
  /** Aborted when the run is over, also because it failed: then no client goes on. */
  readonly end = new AbortController();
  /** What all clients requested and received. */
  readonly history = new RecordedHistory();

  get living(): readonly LedgerInstance[] {
    return this.instances.filter(({ deleted }) => !deleted);
  }
}

/**
 * The numbers that an instance may end with. Either of two overlapping writes may be the last one; a write that started
 * after the response to another has replaced it.
 */
export function possibleFinalNumbers(writes: readonly Write[]): number[] {
  return writes.filter((one) => !writes.some((other) => other.from > one.to)).map(({ cpuLimitMc }) => cpuLimitMc);
}
