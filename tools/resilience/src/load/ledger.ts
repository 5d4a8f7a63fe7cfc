/** A change that was accepted: which number it set, and when the plane was asked and answered, ms since the epoch. */
export interface Write {
  readonly cpuLimitMc: number;
  readonly from: number;
  readonly to: number;
}

/** One instance as its clients know it. */
export interface Known {
  readonly osid: string;
  readonly path: string;
  /** The value of `Idempotency-Key` that made it. */
  readonly key: string;
  readonly writes: Write[];
  /** Its deletion was accepted. */
  deleted: boolean;
}

/** What the plane has promised its clients so far. */
export class Ledger {
  readonly instances: Known[] = [];
  /** Ids of jobs that left the API, by the value of `Idempotency-Key` that made them. */
  readonly jobs = new Map<string, string>();

  get living(): readonly Known[] {
    return this.instances.filter(({ deleted }) => !deleted);
  }
}

/**
 * Which numbers an instance may end with: of two writes that overlapped either may have been the later one; one that
 * began after another's answer has replaced it.
 */
export function lastOf(writes: readonly Write[]): number[] {
  return writes.filter((one) => !writes.some((other) => other.from > one.to)).map(({ cpuLimitMc }) => cpuLimitMc);
}
