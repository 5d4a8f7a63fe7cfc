import {
  claimKind,
  type ClaimSize,
  claimSizeOf,
  type ClaimTemplate,
  degraded,
  type Health,
  printStorage,
  progressing,
} from '@runos/kube-kinds';
import { type KubeObject, type ObjectRef, refKey, refOf } from '@runos/kube-objects';
import type { Dependent } from './instance-facts.js';

/** A bound claim with its size. */
interface SizedClaim {
  readonly ref: ObjectRef;
  readonly size: ClaimSize;
  /** Why the API server refuses more storage, and for which size. */
  readonly refusal?: { readonly storage: number; readonly message: string };
}

/** A claim that requests less storage than the bundle desires. */
export interface UnrequestedGrowth {
  readonly ref: ObjectRef;
  /** The desired storage, bytes. */
  readonly storage: number;
}

/** A claim whose volume has less storage than it requests, or than the bundle desires. */
export interface ClaimProblem extends Dependent {
  /** The instance has less storage than desired. A claim that was grown by others may fail without that. */
  readonly isShort: boolean;
}

/** The storage of the claims of one instance: desired, requested, allocated and real. */
export class ClaimSizes {
  readonly #claims = new Map<string, SizedClaim>();
  #templates: readonly ClaimTemplate[] = [];
  #checks = 0;

  /** The claims that the bundle desires. */
  recordDesired(templates: readonly ClaimTemplate[]): void {
    this.#templates = templates;
  }

  /** Records a live claim; other kinds have no size. Returns true if the problems or the capacity changed. */
  recordObserved(object: KubeObject): boolean {
    if (object.kind !== claimKind.kind) return false;
    const [ref, size] = [refOf(object), claimSizeOf(object)];
    return this.#change(() => {
      const key = refKey(ref);
      if (size === undefined) this.#claims.delete(key);
      else this.#claims.set(key, { ...this.#claims.get(key), ref, size });
    });
  }

  /** The number of checks in a row whether claims may grow. */
  get checks(): number {
    return this.#checks;
  }

  recordCheck(): void {
    this.#checks = this.unrequested.length === 0 ? 0 : this.#checks + 1;
  }

  /** The API server refuses this size, or `message` is undefined: it would accept it. Returns true if that is new. */
  recordRefusal({ ref, storage }: UnrequestedGrowth, message: string | undefined): boolean {
    const key = refKey(ref);
    const known = this.#claims.get(key);
    if (known === undefined) return false;
    return this.#change(() => {
      const refusal = message === undefined ? undefined : { storage, message };
      this.#claims.set(key, { ref: known.ref, size: known.size, ...(refusal && { refusal }) });
    });
  }

  /** Removes the claims whose key matches. Returns true if the problems or the capacity changed. */
  removeAll(matches: (key: string) => boolean): boolean {
    return this.#change(() => {
      for (const key of this.#claims.keys()) if (matches(key)) this.#claims.delete(key);
    });
  }

  /** What the largest volume really has, bytes: no claim can have less. Undefined without a bound claim. */
  get capacity(): number | undefined {
    return this.#claims.size === 0
      ? undefined
      : Math.max(...[...this.#claims.values()].map(({ size }) => size.capacity));
  }

  get problems(): ClaimProblem[] {
    return [...this.#claims.values()]
      .flatMap((claim) => {
        const health = this.#healthOf(claim);
        if (health.state === 'ready') return [];
        const { ref, size } = claim;
        const isShort = size.capacity < (this.#desiredOf(claim) ?? size.requested);
        const message = health.state === 'degraded' ? `${health.message} ${remedyOf(size, isShort)}` : health.message;
        return [{ ref, health: { ...health, message }, isShort }];
      })
      .sort((a, b) => refKey(a.ref).localeCompare(refKey(b.ref)));
  }

  /** Claims whose controller has not requested the desired storage. */
  get unrequested(): UnrequestedGrowth[] {
    return [...this.#claims.values()].flatMap((claim) => {
      const storage = this.#desiredOf(claim);
      return isUnrequested(claim, storage) ? [{ ref: claim.ref, storage }] : [];
    });
  }

  #healthOf(claim: SizedClaim): Health {
    const storage = this.#desiredOf(claim);
    if (!isUnrequested(claim, storage)) return claim.size.health;
    const { ref, size, refusal } = claim;
    const sizes =
      `Claim ${ref.name} requests ${printStorage(size.requested)}, its volume has ${printStorage(size.capacity)}, ` +
      `and ${printStorage(storage)} is desired`;
    if (refusal?.storage !== storage) {
      return progressing('ResizeNotRequested', `${sizes}: its controller has not requested that yet.`);
    }
    return degraded('ResizeRefused', `${sizes}, which the API server refuses: ${refusal.message}`);
  }

  #desiredOf({ ref: { name } }: SizedClaim): number | undefined {
    return this.#templates.find(({ prefix }) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
      ?.storage;
  }

  #change(change: () => void): boolean {
    const before = this.#state();
    change();
    return before !== this.#state();
  }

  #state(): string {
    return JSON.stringify([this.capacity, this.problems, this.unrequested]);
  }
}

const remedyOf = ({ capacity }: ClaimSize, isShort: boolean): string =>
  isShort
    ? `Let the volume grow, or set the storage back to ${printStorage(capacity)}.`
    : 'The volume has what is desired; Kubernetes does not lower a claim to the size of its volume.';

const isUnrequested = ({ size }: SizedClaim, storage: number | undefined): storage is number =>
  storage !== undefined && size.requested < storage && size.capacity < storage;
