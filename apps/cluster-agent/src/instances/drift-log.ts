import { counter } from '@runos/observability';
import type { Drift } from '../bundles/bundle-record.js';
import type { Conflict } from './instance-facts.js';

/** The status message carries at most this many drifts: older ones without acknowledgement are dropped. */
const maxDrifts = 50;
/**
 * And at most this many characters of them, because they are also stored in the Secret of the bundle, which Kubernetes
 * limits to 1 MiB.
 */
const maxCharacters = 64 * 1_024;

const driftCounter = counter('runos_drift_total');

/** The foreign changes of one instance: drifts that are not acknowledged, and the managers that repeat a change. */
export class DriftLog {
  readonly #conflicts = new Map<string, Conflict>();
  #drifts: readonly Drift[];

  constructor(drifts: readonly Drift[] = []) {
    this.#drifts = newestOf(drifts);
  }

  get drifts(): readonly Drift[] {
    return this.#drifts;
  }

  get conflicts(): ReadonlyMap<string, Conflict> {
    return this.#conflicts;
  }

  recordDrift(drift: Drift): void {
    driftCounter.add(1, { action: drift.action });
    this.#drifts = newestOf([...this.#drifts, drift]);
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

/** The newest drifts within both limits. */
function newestOf(drifts: readonly Drift[]): readonly Drift[] {
  let characters = 0;
  const beyond = drifts.findLastIndex((drift) => (characters += JSON.stringify(drift).length) > maxCharacters);
  return drifts.slice(Math.max(beyond + 1, drifts.length - maxDrifts));
}
