import type { KubeObject } from '@runos/kube-objects';
import { desiredHashOf } from './desired-hash.js';
import type { DesiredObjects } from './desired-objects.js';

/** The desired objects of so many bundles before the current one are kept, because an object may lag behind. */
const keptBundles = 2;

/**
 * What the bundles before the current one desired, packed, until the current one is ready. It distinguishes what
 * others have removed from what the current bundle has added: Kubernetes records the manager of neither.
 */
export class EarlierContent {
  #bundles: readonly (() => DesiredObjects)[] = [];

  /** `unpack` holds the packed objects of a bundle. */
  add(unpack: () => DesiredObjects): void {
    this.#bundles = [unpack, ...this.#bundles].slice(0, keptBundles);
  }

  clear(): void {
    this.#bundles = [];
  }

  /** All objects of the kept bundles. */
  list(): KubeObject[] {
    return this.#bundles.flatMap((unpack) => [...unpack().values()]);
  }

  /** The desired object with this hash, of the current or of an earlier bundle. */
  find(key: string, desiredHash: string | undefined, current: KubeObject): KubeObject | undefined {
    if (desiredHash === undefined) return undefined;
    const isSame = (object: KubeObject | undefined) => object !== undefined && desiredHashOf(object) === desiredHash;
    if (isSame(current)) return current;
    for (const unpack of this.#bundles) {
      const object = unpack().get(key);
      if (isSame(object)) return object;
    }
    return undefined;
  }
}
