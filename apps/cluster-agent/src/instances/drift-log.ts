import { counter } from '@runos/observability';
import type { Drift } from '../bundles/bundle-record.js';
import type { Conflict } from './instance-facts.js';

/** The status message carries at most this many drifts: older ones without acknowledgement are dropped. */
const maxDrifts = 50;

const driftCounter = counter('runos_drift_total');

/** The foreign changes of one instance: drifts that are not acknowledged, and the managers that repeat a change. */
export class DriftLog {
  readonly #conflicts = new Map<string, Conflict>();
  #drifts: readonly Drift[];

  constructor(drifts: readonly Drift[] = []) {
    this.#drifts = drifts;
  }

  get drifts(): readonly Drift[] {
    return this.#drifts;
  }

  get conflicts(): ReadonlyMap<string, Conflict> {
    return this.#conflicts;
  }

  recordDrift(drift: Drift): void {
    driftCounter.add(1, { action: drift.action });
    this.#drifts = [...this.#drifts, drift].slice(-maxDrifts);
  }

  removeAcknowledged(drifts: readonly Drift[]): void {
    this.#drifts = this.#drifts.filter((drift) => !drifts.includes(drift));
  }

  recordConflict(key: string, conflict: Conflict): void {
    this.#conflicts.set(key, conflict);
  }

  endConflicts(hasEnded: (key: string) => boolean): void {
    for (const key of this.#conflicts.keys()) if (hasEnded(key)) this.#conflicts.delete(key);
  }
}
