import { type Backoff, exponentialBackoff } from '@runos/engine';
import { type Clock, systemClock } from '@runos/kernel';
import { isMap, type KubeObject, refKey, refOf, textOf } from '@runos/kube-objects';
import type { KindSelection, KubeClient } from './kube-client.js';
import { isExpired, KubeError } from './kube-error.js';

/** What a watch tells. Calls come one after the other; a promise is awaited before the next. */
export interface WatchHandler {
  /** The object is there now: at first, new or changed. */
  changed(object: KubeObject): void | Promise<void>;
  /** The object left the selection: it was deleted, or its labels changed. Its last state is given. */
  removed(object: KubeObject): void | Promise<void>;
  /** Everything there is has been told through `changed`; what is not in `keys` (`refKey`) does not exist. */
  listed?(keys: ReadonlySet<string>): void | Promise<void>;
  /** The watch broke and comes back by itself. */
  broken?(cause: unknown): void;
}

export interface WatchOptions {
  readonly clock?: Clock;
  readonly backoff?: Backoff;
  /** Bookmarks come every minute: no byte for this long means a dead connection. Default 90 s. */
  readonly silenceMs?: number;
  /**
   * The server ends the watch after this many seconds, and it is resumed. Default 240 to 480. For kinds that the server
   * sends no bookmarks for (Event), less than the silence.
   */
  readonly lifeSeconds?: number;
  readonly pageSize?: number;
}

export interface WatchHandle {
  /** Resolves at the end of the first complete list. */
  readonly synced: Promise<void>;
  stop(): Promise<void>;
}

/** A server that ends a watch sooner than this, again and again, is met with back-off. */
const shortMs = 5_000;

/** Seconds after which the server ends a watch; half of it is random so that they do not all come back at once. */
const watchSeconds = () => 240 + Math.floor(Math.random() * 240);

const defaultBackoff = exponentialBackoff({ firstMs: 250, maxMs: 30_000 });

/**
 * Lists a selection, then follows it: resumes where a connection broke, lists again when the server no longer knows
 * that place, and never gives up until stopped.
 */
export function watch(
  client: KubeClient,
  selection: KindSelection,
  handler: WatchHandler,
  options: WatchOptions = {},
): WatchHandle {
  const stopping = new AbortController();
  let sync: () => void = () => undefined;
  const synced = new Promise<void>((resolve) => (sync = resolve));
  const loop = new WatchLoop(client, selection, handler, options, stopping.signal, sync).run();
  return {
    synced,
    async stop() {
      stopping.abort();
      await loop;
      sync();
    },
  };
}

class WatchLoop {
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  /** Where to go on; undefined: list first. */
  #version: string | undefined;
  #failures = 0;

  constructor(
    private readonly client: KubeClient,
    private readonly selection: KindSelection,
    private readonly handler: WatchHandler,
    private readonly options: WatchOptions,
    private readonly signal: AbortSignal,
    private readonly synced: () => void,
  ) {
    this.#clock = options.clock ?? systemClock;
    this.#backoff = options.backoff ?? defaultBackoff;
  }

  async run(): Promise<void> {
    while (!this.signal.aborted) {
      const since = this.#clock.now().getTime();
      const steady = () => this.#clock.now().getTime() - since >= shortMs;
      try {
        this.#version ??= await this.#list();
        await this.#follow();
        if (!steady()) throw endedAtOnce();
        this.#failures = 0;
      } catch (thrown) {
        if (steady()) this.#failures = 0;
        if (!this.signal.aborted) await this.#pause(thrown);
      }
    }
  }

  async #list(): Promise<string> {
    const { signal } = this;
    const keys = new Set<string>();
    let version = '';
    for await (const page of this.client.pages(this.selection, { signal, pageSize: this.options.pageSize })) {
      version = page.resourceVersion;
      for (const object of page.items) {
        keys.add(refKey(refOf(object)));
        await this.handler.changed(object);
      }
    }
    await this.handler.listed?.(keys);
    this.synced();
    return version;
  }

  async #follow(): Promise<void> {
    const { apiVersion, kind, labelSelector, fieldSelector } = this.selection;
    const path = await this.client.mapping.path(this.selection);
    const query = {
      watch: 1,
      allowWatchBookmarks: true,
      resourceVersion: this.#version,
      timeoutSeconds: this.options.lifeSeconds ?? watchSeconds(),
      labelSelector,
      fieldSelector,
    };
    const silenceMs = this.options.silenceMs ?? 90_000;
    for await (const line of this.client.transport.lines({ path, query, signal: this.signal, silenceMs })) {
      await this.#event(JSON.parse(line) as WatchEvent, { apiVersion, kind });
      if (this.signal.aborted) return;
    }
  }

  async #event({ type, object }: WatchEvent, kind: { apiVersion: string; kind: string }): Promise<void> {
    if (type === 'ERROR') throw KubeError.of(Number(object['code'] ?? 500), JSON.stringify(object), 'watch');
    const metadata = object['metadata'];
    this.#version = (isMap(metadata) && textOf(metadata['resourceVersion'])) || this.#version;
    const seen = { ...object, ...kind } as unknown as KubeObject;
    if (type === 'DELETED') await this.handler.removed(seen);
    else if (type !== 'BOOKMARK') await this.handler.changed(seen);
  }

  async #pause(thrown: unknown): Promise<void> {
    // What is not a KubeError came from the handler: it may have missed the event, so tell everything again.
    if (isExpired(thrown) || !(thrown instanceof KubeError)) this.#version = undefined;
    this.#failures += 1;
    if (isExpired(thrown) && this.#failures === 1) return; // that is how long watches end
    this.handler.broken?.(thrown);
    await this.#clock.sleep(this.#backoff(this.#failures), this.signal);
  }
}

const endedAtOnce = () => new KubeError('The watch was ended at once.', { status: 0, reason: 'Unreachable' });

interface WatchEvent {
  readonly type: string;
  readonly object: Readonly<Record<string, unknown>>;
}
