import { counter } from '@runos/observability';
import { createHash } from 'node:crypto';
import type { Checkpoint, Drift } from '../bundles/bundle-record.js';
import type { Conflict } from './instance-facts.js';

/** The status message carries at most this many drifts: older ones without acknowledgement are dropped. */
const maxDrifts = 50;
/**
 * And at most this many characters of them, because they are also stored in the Secret of the bundle, which Kubernetes
 * limits to 1 MiB.
 */
const maxCharacters = 64 * 1_024;

/** So many additions of an instance are reported at most: 6 KB in the checkpoint. */
const maxAdditions = 256;
/** Characters of a hash: 96 bits. */
const additionLength = 16;

const driftCounter = counter('runos_drift_total');

/** The foreign changes of one instance: drifts that are not acknowledged, and the managers that repeat a change. */
export class DriftLog {
  readonly #conflicts = new Map<string, Conflict>();
  readonly #additions: Set<string>;
  #drifts: readonly Drift[];

  /** As the checkpoint has them. */
  constructor({ drifts = [], additions = [] }: Pick<Checkpoint, 'drifts' | 'additions'> = {}) {
    this.#drifts = newestOf(drifts);
    this.#additions = new Set(additions);
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

  /** Returns true if this addition was not reported before, and may be. */
  recordAddition(key: readonly string[]): boolean {
    const digest = createHash('sha256').update(key.join('\n')).digest('base64url').slice(0, additionLength);
    if (this.#additions.size >= maxAdditions || this.#additions.has(digest)) return false;
    this.#additions.add(digest);
    return true;
  }

  /** For the checkpoint. */
  get stored(): Pick<Checkpoint, 'drifts' | 'additions'> {
    return { drifts: this.#drifts, additions: [...this.#additions] };
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
