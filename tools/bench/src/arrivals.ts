import { KubeClient, watch, type WatchHandle } from '@runos/kube-client';
import { type KubeObject, managedSelector, refKey, refOf } from '@runos/kube-objects';

interface Waiter {
  readonly matches: (object: KubeObject) => boolean;
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

/** Watches the managed objects of a cluster and records, by `performance.now()`, when each appeared. */
export class Arrivals {
  readonly #firstSeen = new Map<string, number>();
  readonly #waiters = new Set<Waiter>();
  readonly #watches: WatchHandle[];

  constructor(client: KubeClient, kinds: readonly Kind[]) {
    const handler = { changed: (object: KubeObject) => this.#seen(object), removed: () => undefined };
    this.#watches = kinds.map((kind) => watch(client, { ...kind, labelSelector: managedSelector }, handler));
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
    return new Promise((arrived) => this.#waiters.add({ matches, arrived }));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#watches.map((handle) => handle.stop()));
  }

  #seen(object: KubeObject): void {
    const now = performance.now();
    const key = refKey(refOf(object));
    if (!this.#firstSeen.has(key)) this.#firstSeen.set(key, now);
    for (const waiter of this.#waiters) {
      if (!waiter.matches(object)) continue;
      this.#waiters.delete(waiter);
      waiter.arrived(now);
    }
  }
}
