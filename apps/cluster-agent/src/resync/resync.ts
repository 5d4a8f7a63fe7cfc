import { bucketHashes, resyncPages, rootOf } from '@runos/agent-protocol';
import { exponentialBackoff } from '@runos/engine';
import type { Clock } from '@runos/kernel';
import type { Logger } from '@runos/observability';
import type { Instance } from '../instances/instance.js';
import type { InstanceIndex } from '../instances/instance-index.js';
import type { PlaneClient } from '../status/plane-client.js';

/** A periodic resync corrects losses that no other mechanism has detected. */
const resyncPeriodMs = 3_600_000;

const backoff = exponentialBackoff({ firstMs: 1_000, maxMs: 60_000 });

/**
 * Compares the stored bundles with the desired ones of the plane: one root hash, then bucket hashes, then the lists of
 * differing buckets. The plane sends differing bundles again. Instances that it does not know are marked as orphaned.
 */
export async function resync(
  instances: InstanceIndex,
  plane: Pick<PlaneClient, 'resync'>,
  report: (instance: Instance) => void,
): Promise<void> {
  const entries = instances.entries();
  const { equal } = await plane.resync({ step: 'root', count: entries.length, root: rootOf(entries), kinds: true });
  if (equal) return;
  const { differing = [] } = await plane.resync({ step: 'buckets', buckets: bucketHashes(entries), kinds: true });
  const unknown = new Set<string>();
  for (const page of resyncPages(entries, differing)) {
    const reply = await plane.resync(page);
    for (const osid of reply.unknown ?? []) unknown.add(osid);
  }
  for (const instance of instances.all()) {
    if (instance.recordOrphaned(unknown.has(instance.osid))) report(instance);
  }
}

/** Resyncs after every connection whose hello found a difference, and once an hour while connected. */
export class ResyncLoop {
  #connection = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly runResync: () => Promise<void>,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** A stream is open. `inSync`: the plane has the same root hash. */
  connected(inSync: boolean): void {
    this.disconnected();
    const { signal } = (this.#connection = new AbortController());
    this.#running = this.#running.then(() => this.#loop(signal, inSync));
  }

  disconnected(): void {
    this.#connection.abort();
  }

  async stop(): Promise<void> {
    this.disconnected();
    await this.#running;
  }

  async #loop(signal: AbortSignal, inSync: boolean): Promise<void> {
    if (inSync) await this.clock.sleep(resyncPeriodMs, signal);
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.runResync();
        failures = 0;
        await this.clock.sleep(resyncPeriodMs, signal);
      } catch (err) {
        if (signal.aborted) return;
        failures += 1;
        this.logger.warn({ err, failures }, 'resync with the plane failed; retrying');
        await this.clock.sleep(backoff(failures), signal);
      }
    }
  }
}
