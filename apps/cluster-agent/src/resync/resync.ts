import { bucketHashes, bucketOf, resyncPages, rootOf, statusBuckets } from '@runos/agent-protocol';
import { exponentialBackoff } from '@runos/engine';
import type { Clock } from '@runos/kernel';
import type { KubeClient } from '@runos/kube-client';
import type { Logger } from '@runos/observability';
import type { Instance } from '../instances/instance.js';
import type { InstanceIndex } from '../instances/instance-index.js';
import type { PlaneClient } from '../status/plane-client.js';
import type { StatusReporter } from '../status/status-reporter.js';
import { labelledNamespaces, reportOrphanedNamespaces } from './orphaned-namespaces.js';

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
  const included = { kinds: true, writers: true };
  const root = { step: 'root', count: entries.length, root: rootOf(entries) } as const;
  const { equal } = await plane.resync({ ...root, ...included });
  if (equal) return;
  const { differing = [] } = await plane.resync({ step: 'buckets', buckets: bucketHashes(entries), ...included });
  const unknown = new Set<string>();
  for (const page of resyncPages(entries, differing)) {
    const reply = await plane.resync(page);
    for (const osid of reply.unknown ?? []) unknown.add(osid);
  }
  for (const instance of instances.all()) {
    if (instance.recordOrphaned(unknown.has(instance.osid))) report(instance);
  }
}

/**
 * Reports statuses again that the plane does not have any more although it has acknowledged them, because its database was
 * restored. Only the buckets with a difference are reported. Orphaned instances are in no bucket of the plane.
 */
export async function resyncStatuses(
  instances: InstanceIndex,
  plane: Pick<PlaneClient, 'resync'>,
  reportAgain: (instance: Instance) => void,
): Promise<void> {
  const known = [...instances.all()].filter(({ isOrphaned }) => !isOrphaned);
  const acknowledged = known.flatMap(({ osid, acknowledgedStatus: hash }) =>
    hash === undefined ? [] : [{ osid, hash }],
  );
  const { differing = [] } = await plane.resync({ step: 'statuses', buckets: statusBuckets(acknowledged) });
  const buckets = new Set(differing);
  for (const instance of known) if (buckets.has(bucketOf(instance.osid))) reportAgain(instance);
}

/** What a resync compares. */
export interface ResyncSteps {
  bundles(): Promise<void>;
  statuses(): Promise<void>;
  orphans(): Promise<void>;
}

/** What the plane can compare, according to its reply to the hello. Older planes compare less. */
export interface ComparedByPlane {
  /** It has the same root hash of the bundles. */
  readonly inSync: boolean;
  readonly comparesStatuses: boolean;
  readonly receivesOrphans: boolean;
}

export const resyncSteps = (
  instances: InstanceIndex,
  plane: Pick<PlaneClient, 'resync'>,
  reporter: Pick<StatusReporter, 'report' | 'reportAgain'>,
  client: Pick<KubeClient, 'pages'>,
): ResyncSteps => ({
  bundles: () => resync(instances, plane, (instance) => reporter.report(instance)),
  statuses: () => resyncStatuses(instances, plane, (instance) => reporter.reportAgain(instance)),
  orphans: () => reportOrphanedNamespaces(instances, plane, () => labelledNamespaces(client)),
});

/**
 * Compares the bundles after every connection whose hello found a difference, and the statuses and namespaces after
 * every connection. While connected, it compares all of them once an hour.
 */
export class ResyncLoop {
  #connection = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly steps: ResyncSteps,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** A stream is open. */
  connected(compared: ComparedByPlane): void {
    this.disconnected();
    const { signal } = (this.#connection = new AbortController());
    this.#running = this.#running.then(() => this.#loop(signal, compared));
  }

  disconnected(): void {
    this.#connection.abort();
  }

  async stop(): Promise<void> {
    this.disconnected();
    await this.#running;
  }

  async #loop(signal: AbortSignal, { inSync, comparesStatuses, receivesOrphans }: ComparedByPlane): Promise<void> {
    let hasBundles = inSync;
    for (let failures = 0; !signal.aborted;) {
      try {
        if (!hasBundles) await this.steps.bundles();
        if (comparesStatuses) await this.steps.statuses();
        if (receivesOrphans) await this.steps.orphans();
        hasBundles = false;
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
