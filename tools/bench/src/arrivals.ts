import { KubeClient, watch, type WatchHandle } from '@runos/kube-client';
import { type KubeObject, managedSelector } from '@runos/kube-objects';

interface Wish {
  readonly fits: (object: KubeObject) => boolean;
  readonly arrived: (at: number) => void;
}

/** Follows the objects of ours on a cluster and notes, on the clock of `performance.now()`, when each wish came true. */
export class Arrivals {
  readonly #wishes = new Set<Wish>();
  readonly #watches: WatchHandle[];

  constructor(client: KubeClient, kinds: readonly { apiVersion: string; kind: string }[]) {
    this.#watches = kinds.map((kind) =>
      watch(
        client,
        { ...kind, labelSelector: managedSelector },
        { changed: (object) => this.#seen(object), removed: () => undefined },
      ),
    );
  }

  async synced(): Promise<void> {
    await Promise.all(this.#watches.map((handle) => handle.synced));
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
    for (const wish of this.#wishes) {
      if (!wish.fits(object)) continue;
      this.#wishes.delete(wish);
      wish.arrived(now);
    }
  }
}
