import { isNotFound, isRefusal, type ResourceEventHandler, type WatchFailure } from '@runos/kube-client';
import { kindKey } from '@runos/kube-kinds';
import type { KubeObject } from '@runos/kube-objects';
import type { Logger } from '@runos/observability';
import { customKinds } from './custom-kind-watch.js';
import { commonKinds } from './kind-informers.js';
import type { ObjectEventHandler } from './object-event-handler.js';
import { type WatchedKind, watchKey, WatchFailures } from './watch-failures.js';

export interface KindObserverOptions {
  readonly logger: Logger;
  readonly handler: ObjectEventHandler;
  readonly failures: WatchFailures;
  /** A custom resource definition was listed, added, changed or deleted. */
  onDefinition(definition: KubeObject): void;
  /** Each common kind is listed, or its list is refused. */
  onCommonKindsListed(): void;
  /** The watch of a kind fails, or works again. */
  onFailuresChanged(): void;
}

/** A watch that fails longer than this is a failure for people too. Shorter ones are restarts of an API server. */
const reportAfterMs = 30_000;

/** Passes the events of all informers on, and records the kinds that the agent cannot list or watch. */
export class KindObserver {
  readonly #unlistedKinds = new Set(commonKinds.map(kindKey));
  readonly #unservedKinds = new Set<string>();

  constructor(private readonly options: KindObserverOptions) {}

  /** The common kinds that were neither listed nor refused yet. */
  get unlistedKinds(): readonly string[] {
    return [...this.#unlistedKinds];
  }

  handlerFor(watched: WatchedKind): ResourceEventHandler {
    const { failures, onFailuresChanged } = this.options;
    return {
      ...this.#eventHandlerFor(watched),
      onWatchError: (err, failure) => this.#onWatchError(watched, err, failure),
      onWatchRecovered: () => {
        if (failures.clear(watched)) onFailuresChanged();
      },
    };
  }

  #eventHandlerFor(watched: WatchedKind): ResourceEventHandler {
    const { handler, failures, onDefinition, onFailuresChanged } = this.options;
    if (kindKey(watched) === kindKey(customKinds)) return { onAddOrUpdate: onDefinition, onDelete: onDefinition };
    return {
      onAddOrUpdate: (object) => handler.onAddOrUpdate(object),
      onDelete: (object) => handler.onDelete(object),
      onListed: (keys) => {
        this.#unservedKinds.delete(watchKey(watched));
        handler.onListed(watched, keys);
        if (failures.recordListed(watched)) onFailuresChanged();
        this.#recordListed(watched);
      },
    };
  }

  #onWatchError(watched: WatchedKind, err: unknown, { verb, failingMs }: WatchFailure): void {
    const { logger, failures, onFailuresChanged } = this.options;
    logger.warn({ err, kind: watchKey(watched), verb }, 'watch failed; restarting it');
    if (isNotFound(err)) {
      if (err.reason === 'NoKind') this.#onUnserved(watched);
      return;
    }
    const isRefused = isRefusal(err);
    if (!isRefused && failingMs < reportAfterMs) return;
    const words = err instanceof Error ? err.message : String(err);
    if (failures.record(watched, { verb, refused: isRefused }, words)) onFailuresChanged();
    this.#recordListed(watched);
  }

  /** The cluster does not serve the kind: it has no such objects. The apply of each explains that. */
  #onUnserved(watched: WatchedKind): void {
    const key = watchKey(watched);
    if (this.#unservedKinds.has(key)) return;
    this.#unservedKinds.add(key);
    this.options.handler.onListed(watched, new Set());
  }

  #recordListed(watched: WatchedKind): void {
    if (this.#unlistedKinds.delete(watchKey(watched)) && this.#unlistedKinds.size === 0)
      this.options.onCommonKindsListed();
  }
}
