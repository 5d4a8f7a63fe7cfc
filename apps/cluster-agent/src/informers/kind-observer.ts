import { isRefusal, type ResourceEventHandler } from '@runos/kube-client';
import { kindKey } from '@runos/kube-kinds';
import type { Logger } from '@runos/observability';
import { commonKinds } from './kind-informers.js';
import type { ObjectEventHandler } from './object-event-handler.js';
import { type WatchedKind, watchKey, WatchRefusals } from './watch-refusals.js';

export interface KindObserverOptions {
  readonly logger: Logger;
  readonly handler: ObjectEventHandler;
  readonly refusals: WatchRefusals;
  /** Each common kind is listed, or its list is refused. */
  onCommonKindsListed(): void;
  /** A kind is refused, or no longer refused. */
  onRefusalsChanged(): void;
}

/** Passes the events of all informers on, and records the kinds that the agent may not list or watch. */
export class KindObserver {
  readonly #unlistedKinds = new Set(commonKinds.map(kindKey));

  constructor(private readonly options: KindObserverOptions) {}

  handlerFor(watched: WatchedKind): ResourceEventHandler {
    const { handler, refusals, onRefusalsChanged } = this.options;
    return {
      onAddOrUpdate: (object) => handler.onAddOrUpdate(object),
      onDelete: (object) => handler.onDelete(object),
      onListed: (keys) => {
        handler.onListed(watched, keys);
        if (refusals.clear(watched)) onRefusalsChanged();
        this.#recordListed(watched);
      },
      onWatchError: (err) => this.#onWatchError(watched, err),
    };
  }

  #onWatchError(watched: WatchedKind, err: unknown): void {
    const { logger, refusals, onRefusalsChanged } = this.options;
    logger.warn({ err, kind: watchKey(watched) }, 'watch failed; restarting it');
    // A kind that the cluster does not serve is explained by the apply of its object.
    if (!isRefusal(err) || err.status === 404) return;
    if (refusals.record(watched, err.message)) onRefusalsChanged();
    this.#recordListed(watched);
  }

  #recordListed(watched: WatchedKind): void {
    if (this.#unlistedKinds.delete(watchKey(watched)) && this.#unlistedKinds.size === 0)
      this.options.onCommonKindsListed();
  }
}
