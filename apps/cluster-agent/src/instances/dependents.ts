import { ControlledPods } from './controlled-pods.js';
import type { Dependent } from './instance-facts.js';

/** The objects outside the bundle that explain the state of an instance, by key. Healthy ones are not stored. */
export class Dependents {
  /** The pods of custom resources. Healthy ones count too. */
  readonly pods = new ControlledPods();
  readonly #dependents = new Map<string, Dependent>();

  /**
   * Pods before claims: a claim may wait for its pod to be scheduled, and a pod that waits for its claim has that
   * reason. Equal kinds are in the order of their keys.
   */
  list(): Dependent[] {
    return [...this.#dependents]
      .sort(([a, one], [b, other]) => Number(isClaim(one)) - Number(isClaim(other)) || a.localeCompare(b))
      .map(([, dependent]) => dependent);
  }

  has(key: string): boolean {
    return this.#dependents.has(key);
  }

  /** Returns true if something changed. */
  record(key: string, dependent: Dependent): boolean {
    const known = this.#dependents.get(key)?.health;
    const { reason, message, log } = dependent.health;
    if (known?.reason === reason && known.message === message && known.log?.join() === log?.join()) return false;
    this.#dependents.set(key, dependent);
    return true;
  }

  /** The object explains nothing any more. Returns true if something changed. */
  remove(key: string): boolean {
    return this.#dependents.delete(key);
  }

  /** The object does not exist any more. Returns true if something changed. */
  recordDeleted(key: string): boolean {
    const wasPod = this.pods.remove(key);
    return this.remove(key) || wasPod;
  }

  /** Removes those whose key matches. Returns true if there are any. */
  removeAll(matches: (key: string) => boolean): boolean {
    const keys = [...this.#dependents.keys(), ...this.pods.keys()].filter(matches);
    for (const key of keys) this.recordDeleted(key);
    return keys.length > 0;
  }
}

const isClaim = ({ ref }: Dependent): boolean => ref.kind === 'PersistentVolumeClaim';
