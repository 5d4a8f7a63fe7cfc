import { KubeClient, startInformer, type Informer } from '@runos/kube-client';
import { type KubeObject, managedSelector, refKey, refOf } from '@runos/kube-objects';

interface Wish {
  readonly fits: (object: KubeObject) => boolean;
  readonly arrived: (at: number) => void;
}

export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
}

/** The kinds of these objects, each once. */
export function kindsOf(objects: readonly Readonly<Record<string, unknown>>[]): Kind[] {
  const kinds = objects.map(({ apiVersion, kind }) => ({ apiVersion: String(apiVersion), kind: String(kind) }));
  return [...new Map(kinds.map((kind) => [JSON.stringify(kind), kind])).values()];
}

/** Follows the objects of ours on a cluster and notes, on the clock of `performance.now()`, when they came. */
export class Arrivals {
  readonly #firstSeen = new Map<string, number>();
  readonly #wishes = new Set<Wish>();
  readonly #watches: Informer[];

  constructor(client: KubeClient, kinds: readonly Kind[]) {
    const handler = { onAddOrUpdate: (object: KubeObject) => this.#seen(object), onDelete: () => undefined };
    this.#watches = kinds.map((kind) => startInformer(client, { ...kind, labelSelector: managedSelector }, handler));
  }

  async synced(): Promise<void> {
    await Promise.all(this.#watches.map((handle) => handle.synced));
  }

  /** When the last of these objects was first seen. */
  lastOf(objects: readonly KubeObject[]): number {
    return Math.max(...objects.map((object) => this.#firstSeen.get(refKey(refOf(object))) ?? Number.NaN));
  }

  /** When the first object that fits was seen; ask before causing it. */
  first(fits: Wish['fits']): Promise<number> {
    return new Promise((arrived) => this.#wishes.add({ fits, arrived }));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#watches.map((handle) => handle.stop()));
  }

  #seen(object: KubeObject): void {
    const now = performance.now();
    const key = refKey(refOf(object));
    if (!this.#firstSeen.has(key)) this.#firstSeen.set(key, now);
    for (const wish of this.#wishes) {
      if (!wish.fits(object)) continue;
      this.#wishes.delete(wish);
      wish.arrived(now);
    }
  }
}
