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
  /** The list or the watch failed. The informer restarts it. */
  onWatchError?(cause: unknown, failure: WatchFailure): void;
  /** The watch delivers again after a failure. */
  onWatchRecovered?(): void;
}

export interface WatchFailure {
  readonly verb: 'list' | 'watch';
  /** The time since the first failure in a row, ms. */
  readonly failingMs: number;
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
  /** Ends the delay after a failure: its cause may be gone. */
  retryNow(): void;
  stop(): Promise<void>;
}

/** A watch that ends sooner than this counts as a failure and causes back-off. */
const shortWatchMs = 5_000;

/** So many watches in a row without a line, not even a bookmark: changes may be lost on the way, so list again. */
const maxSilentWatches = 2;

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
  const listWatch = new ListWatch(client, selection, handler, options, stopping.signal, sync);
  const loop = listWatch.run();
  return {
    synced,
    retryNow: () => listWatch.retryNow(),
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
  readonly #idleTimeoutMs: number;
  /** Where the watch resumes. Undefined: list first. */
  #resourceVersion: string | undefined;
  #failures = 0;
  #failingSince: number | undefined;
  #silentWatches = 0;
  #delay = new AbortController();

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
    this.#idleTimeoutMs = options.idleTimeoutMs ?? 90_000;
    signal.addEventListener('abort', () => this.retryNow());
  }

  async run(): Promise<void> {
    while (!this.signal.aborted) {
      if (await this.#attempt('list', async () => void (this.#resourceVersion ??= await this.#list()))) {
        await this.#attempt('watch', () => this.#watchWhileOpen());
      }
    }
  }

  retryNow(): void {
    this.#delay.abort();
  }

  /** Returns false after a failure, when the delay has passed. */
  async #attempt(verb: WatchFailure['verb'], work: () => Promise<void>): Promise<boolean> {
    const since = this.#now();
    const isLongWatch = () => verb === 'watch' && this.#now() - since >= shortWatchMs;
    try {
      await work();
      if (verb === 'watch' && !isLongWatch()) throw endedEarly();
      if (isLongWatch()) this.#failures = 0;
      return true;
    } catch (thrown) {
      if (isLongWatch()) this.#failures = 0;
      if (!this.signal.aborted) await this.#backOff(thrown, verb);
      return false;
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

  /** Resolves when the server ends the watch. */
  async #watchWhileOpen(): Promise<void> {
    const open = new AbortController();
    let lines = 0;
    let lastByteAt = this.#now();
    try {
      const onOpen = () => void this.#recordSteady(open.signal);
      for await (const line of this.#lines(onOpen)) {
        lines += 1;
        lastByteAt = this.#now();
        await this.#event(JSON.parse(line) as WatchEvent);
        this.#recordDelivery();
        if (this.signal.aborted) return;
      }
      this.#silentWatches = 0; // the server ended it, so the connection was alive
    } catch (thrown) {
      const isSilent = lines === 0 && this.#now() - lastByteAt >= this.#idleTimeoutMs;
      this.#silentWatches = isSilent ? this.#silentWatches + 1 : 0;
      if (this.#silentWatches < maxSilentWatches) throw thrown;
      this.#resourceVersion = undefined;
      throw silent(this.#silentWatches * this.#idleTimeoutMs);
    } finally {
      open.abort();
    }
  }

  #lines(onOpen: () => void): AsyncGenerator<string> {
    const { labelSelector, fieldSelector } = this.selection;
    const query = {
      watch: 1,
      allowWatchBookmarks: true,
      resourceVersion: this.#resourceVersion,
      timeoutSeconds: this.options.watchTimeoutSeconds ?? defaultWatchSeconds(),
      labelSelector,
      fieldSelector,
    };
    return this.client.watch(this.selection, {
      query,
      onOpen,
      signal: this.signal,
      idleTimeoutMs: this.#idleTimeoutMs,
      // There may be a watch per namespace: a thousand connections cost the agent 115 MiB.
      shared: this.selection.namespace !== undefined,
    });
  }

  /** A watch without events works if it stays open. After silent ones, only a line proves that. */
  async #recordSteady(open: AbortSignal): Promise<void> {
    await this.#clock.sleep(shortWatchMs, open);
    if (!open.aborted && this.#silentWatches === 0) this.#recordDelivery();
  }

  #recordDelivery(): void {
    this.#silentWatches = 0;
    if (this.#failingSince === undefined) return;
    this.#failingSince = undefined;
    this.handler.onWatchRecovered?.();
  }

  async #event({ type, object }: WatchEvent): Promise<void> {
    if (type === 'ERROR') throw KubeError.of(Number(object['code'] ?? 500), JSON.stringify(object), 'watch');
    const metadata = object['metadata'];
    this.#resourceVersion = (isMap(metadata) && textOf(metadata['resourceVersion'])) || this.#resourceVersion;
    const { apiVersion, kind } = this.selection;
    const received = { ...object, apiVersion, kind } as unknown as KubeObject;
    if (type === 'DELETED') await this.handler.onDelete(received);
    else if (type !== 'BOOKMARK') await this.handler.onAddOrUpdate(received);
  }

  async #backOff(thrown: unknown, verb: WatchFailure['verb']): Promise<void> {
    // Any other error came from the handler, which may have missed the event: list again.
    if (isExpired(thrown) || !(thrown instanceof KubeError)) this.#resourceVersion = undefined;
    this.#failures += 1;
    if (isExpired(thrown) && this.#failures === 1) return; // a long watch ends this way
    this.#failingSince ??= this.#now();
    this.handler.onWatchError?.(thrown, { verb, failingMs: this.#now() - this.#failingSince });
    this.#delay = new AbortController();
    await this.#clock.sleep(this.#backoff(this.#failures), this.#delay.signal);
  }

  #now(): number {
    return this.#clock.monotonicMs();
  }
}

const endedEarly = () => new KubeError('The server ended the watch at once.', { status: 0, reason: 'Unreachable' });

const silent = (ms: number) =>
  new KubeError(`The watch has delivered nothing for ${ms / 1_000} s.`, { status: 0, reason: 'TimedOut' });

interface WatchEvent {
  readonly type: string;
  readonly object: Readonly<Record<string, unknown>>;
}
