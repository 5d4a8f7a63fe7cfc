import { KubeClient, startInformer, type Informer } from '@runos/kube-client';
import { type KubeObject, managedSelector, refKey, refOf } from '@runos/kube-objects';

interface Waiter {
  readonly matches: (object: KubeObject) => boolean;
  /** Only an object that was not seen before. */
  readonly isNew: boolean;
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

/** Watches the managed objects of a cluster, or those of another selector, and records, by `performance.now()`, when each appeared. */
export class Arrivals {
  readonly #firstSeen = new Map<string, number>();
  readonly #waiters = new Set<Waiter>();
  readonly #watches: Informer[];

  constructor(client: KubeClient, kinds: readonly Kind[], labelSelector = managedSelector) {
    const handler = { onAddOrUpdate: (object: KubeObject) => this.#seen(object), onDelete: () => undefined };
    this.#watches = kinds.map((kind) => startInformer(client, { ...kind, labelSelector }, handler));
  }

  async synced(): Promise<void> {
    await Promise.all(this.#watches.map((handle) => handle.synced));
  }

  /** When the last of these objects was first seen. */
  lastOf(objects: readonly KubeObject[]): number {
    return Math.max(...objects.map((object) => this.#firstSeen.get(refKey(refOf(object))) ?? Number.NaN));
  }

  /** When the first matching object was seen; called before the change that causes it. */
  first(matches: Waiter['matches']): Promise<number> {
    return new Promise((arrived) => this.#waiters.add({ matches, isNew: false, arrived }));
  }

  /** As `first`, of the objects that have not been seen until then. */
  firstNew(matches: Waiter['matches']): Promise<number> {
    return new Promise((arrived) => this.#waiters.add({ matches, isNew: true, arrived }));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#watches.map((handle) => handle.stop()));
  }

  #seen(object: KubeObject): void {
    const now = performance.now();
    const key = refKey(refOf(object));
    const isNew = !this.#firstSeen.has(key);
    if (isNew) this.#firstSeen.set(key, now);
    for (const waiter of this.#waiters) {
      if ((waiter.isNew && !isNew) || !waiter.matches(object)) continue;
      this.#waiters.delete(waiter);
      waiter.arrived(now);
    }
  }
}
