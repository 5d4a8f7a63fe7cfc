import { type Backoff, exponentialBackoff } from '@runos/engine';
import { type Clock, systemClock } from '@runos/kernel';
import { isMap, type KubeObject, refKey, refOf, textOf } from '@runos/kube-objects';
import { type ResourceSelector, type KubeClient } from './kube-client.js';
import { isExpired, KubeError } from './kube-error.js';

/** Handlers of one informer. They are called one at a time; a promise is awaited before the next call. */
export interface ResourceEventHandler {
  /** The object was listed, added or updated. */
  onAddOrUpdate(object: KubeObject): void | Promise<void>;
  /** The object left the selection: it was deleted, or its labels changed. Receives its last state. */
  onDelete(object: KubeObject): void | Promise<void>;
  /** A list is complete. Objects whose key (`refKey`) is not in `keys` do not exist. */
  onListed?(keys: ReadonlySet<string>): void | Promise<void>;
  /** The watch failed. The informer restarts it. */
  onWatchError?(cause: unknown): void;
}

export interface InformerOptions {
  readonly clock?: Clock;
  readonly backoff?: Backoff;
  /** Bookmarks arrive every minute: no byte for this long means a dead connection. Default 90 s. */
  readonly idleTimeoutMs?: number;
  /**
   * The server ends the watch after this many seconds, and the informer resumes it. Default 240 to 480. Less than the
   * idle timeout for kinds without bookmarks (Event).
   */
  readonly watchTimeoutSeconds?: number;
  readonly pageSize?: number;
}

export interface Informer {
  /** Resolves after the first complete list: HasSynced of client-go. */
  readonly synced: Promise<void>;
  stop(): Promise<void>;
}

/** A watch that ends sooner than this counts as a failure and causes back-off. */
const shortWatchMs = 5_000;

/** Half of it is random, so that watches do not all reconnect at the same time. */
const defaultWatchSeconds = () => 240 + Math.floor(Math.random() * 240);

const defaultBackoff = exponentialBackoff({ firstMs: 250, maxMs: 30_000 });

/**
 * Lists a selection, then watches it, as client-go's reflector does. It resumes a broken watch at its last
 * resourceVersion, and lists again when that has expired. It keeps no cache: callers hold hashes, not objects.
 */
export function startInformer(
  client: KubeClient,
  selection: ResourceSelector,
  handler: ResourceEventHandler,
  options: InformerOptions = {},
): Informer {
  const stopping = new AbortController();
  let sync: () => void = () => undefined;
  const synced = new Promise<void>((resolve) => (sync = resolve));
  const loop = new ListWatch(client, selection, handler, options, stopping.signal, sync).run();
  return {
    synced,
    async stop() {
      stopping.abort();
      await loop;
      sync();
    },
  };
}

class ListWatch {
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  /** Where the watch resumes. Undefined: list first. */
  #resourceVersion: string | undefined;
  #failures = 0;

  constructor(
    private readonly client: KubeClient,
    private readonly selection: ResourceSelector,
    private readonly handler: ResourceEventHandler,
    private readonly options: InformerOptions,
    private readonly signal: AbortSignal,
    private readonly synced: () => void,
  ) {
    this.#clock = options.clock ?? systemClock;
    this.#backoff = options.backoff ?? defaultBackoff;
  }

  async run(): Promise<void> {
    while (!this.signal.aborted) {
      const since = this.#clock.monotonicMs();
      const isStable = () => this.#clock.monotonicMs() - since >= shortWatchMs;
      try {
        this.#resourceVersion ??= await this.#list();
        await this.#watch();
        if (!isStable()) throw endedEarly();
        this.#failures = 0;
      } catch (thrown) {
        if (isStable()) this.#failures = 0;
        if (!this.signal.aborted) await this.#backOff(thrown);
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
        await this.handler.onAddOrUpdate(object);
      }
    }
    await this.handler.onListed?.(keys);
    this.synced();
    return version;
  }

  async #watch(): Promise<void> {
    const { apiVersion, kind, labelSelector, fieldSelector } = this.selection;
    const query = {
      watch: 1,
      allowWatchBookmarks: true,
      resourceVersion: this.#resourceVersion,
      timeoutSeconds: this.options.watchTimeoutSeconds ?? defaultWatchSeconds(),
      labelSelector,
      fieldSelector,
    };
    const request = {
      query,
      signal: this.signal,
      idleTimeoutMs: this.options.idleTimeoutMs ?? 90_000,
      // There may be a watch per namespace: a thousand connections cost the agent 115 MiB.
      shared: this.selection.namespace !== undefined,
    };
    for await (const line of this.client.watch(this.selection, request)) {
      await this.#event(JSON.parse(line) as WatchEvent, { apiVersion, kind });
      if (this.signal.aborted) return;
    }
  }

  async #event({ type, object }: WatchEvent, kind: { apiVersion: string; kind: string }): Promise<void> {
    if (type === 'ERROR') throw KubeError.of(Number(object['code'] ?? 500), JSON.stringify(object), 'watch');
    const metadata = object['metadata'];
    this.#resourceVersion = (isMap(metadata) && textOf(metadata['resourceVersion'])) || this.#resourceVersion;
    const received = { ...object, ...kind } as unknown as KubeObject;
    if (type === 'DELETED') await this.handler.onDelete(received);
    else if (type !== 'BOOKMARK') await this.handler.onAddOrUpdate(received);
  }

  async #backOff(thrown: unknown): Promise<void> {
    // Any other error came from the handler, which may have missed the event: list again.
    if (isExpired(thrown) || !(thrown instanceof KubeError)) this.#resourceVersion = undefined;
    this.#failures += 1;
    if (isExpired(thrown) && this.#failures === 1) return; // a long watch ends this way
    this.handler.onWatchError?.(thrown);
    await this.#clock.sleep(this.#backoff(this.#failures), this.signal);
  }
}

const endedEarly = () => new KubeError('The server ended the watch at once.', { status: 0, reason: 'Unreachable' });

interface WatchEvent {
  readonly type: string;
  readonly object: Readonly<Record<string, unknown>>;
}
