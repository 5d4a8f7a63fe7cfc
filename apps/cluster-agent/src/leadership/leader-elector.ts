import { type Clock, systemClock } from '@runos/kernel';
import { isAlreadyExists, isConflict, isNotFound, KubeError, type KubeClient } from '@runos/kube-client';
import { type KubeObject, mapAt, numberOf, type ObjectRef, textOf } from '@runos/kube-objects';
import { agentManager } from '../bundles/bundle-store.js';

export interface LeaderElectorOptions {
  readonly client: KubeClient;
  /** Namespace of the Lease. */
  readonly namespace: string;
  /** Holder identity. An agent with the same identity after a restart takes its lease over at once. */
  readonly holder: string;
  readonly clock?: Clock;
  /** A lease that is not renewed for this long has expired. Default 15 s. */
  readonly durationMs?: number;
  /** Default: a third of the duration. */
  readonly renewEveryMs?: number;
}

/** Releasing the lease must not delay the shutdown. */
const releaseTimeoutMs = 2_000;

interface LeaseObservation {
  readonly resourceVersion: string | undefined;
  readonly at: number;
}

/** Elects one active agent per cluster, as client-go does: two agents would apply as the same field manager. */
export class LeaderElector {
  readonly #ref: ObjectRef;
  readonly #clock: Clock;
  readonly #durationMs: number;
  readonly #renewEveryMs: number;
  /** The last change of a foreign lease, by our own clock, because clocks of two machines differ. */
  #observation: LeaseObservation | undefined;

  constructor(private readonly options: LeaderElectorOptions) {
    const { namespace } = options;
    this.#ref = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name: 'cluster-agent' };
    this.#clock = options.clock ?? systemClock;
    this.#durationMs = options.durationMs ?? 15_000;
    this.#renewEveryMs = options.renewEveryMs ?? this.#durationMs / 3;
  }

  /** Waits for the lease. False if `signal` aborts first. `onWaiting` receives every new reason of the wait. */
  async acquire(signal: AbortSignal, onWaiting: (reason: string) => void): Promise<boolean> {
    for (let lastReason = ''; !signal.aborted;) {
      const reason = await this.#tryAcquire(signal);
      if (reason === undefined) return true;
      if (reason !== lastReason) onWaiting((lastReason = reason));
      await this.#clock.sleep(this.#renewEveryMs, signal);
    }
    return false;
  }

  /** Renews the lease. Resolves when `signal` aborts or the lease is lost. */
  async renew(signal: AbortSignal): Promise<void> {
    let renewedAt = this.#clock.monotonicMs();
    while (!signal.aborted) {
      await this.#clock.sleep(this.#renewEveryMs, signal);
      if (signal.aborted) return;
      const startedAt = this.#clock.monotonicMs();
      if ((await this.#tryAcquire(signal)) === undefined) renewedAt = startedAt;
      // Give up one renewal before another agent may acquire it.
      if (this.#clock.monotonicMs() - renewedAt >= this.#durationMs - this.#renewEveryMs) return;
    }
  }

  /** Releases the lease, so that the next agent need not wait. A failure costs only that wait. */
  async release(): Promise<void> {
    try {
      const signal = AbortSignal.timeout(releaseTimeoutMs);
      const lease = await this.options.client.find(this.#ref, { signal });
      if (lease && holderOf(lease) === this.options.holder) await this.#replace(lease, '', signal);
    } catch (thrown) {
      if (!(thrown instanceof KubeError)) throw thrown;
    }
  }

  /** Acquires or renews the lease. Undefined on success, else the reason. */
  async #tryAcquire(signal: AbortSignal): Promise<string | undefined> {
    try {
      const lease = await this.options.client.find(this.#ref, { signal });
      if (lease === undefined) {
        await this.options.client.create(this.#lease(undefined, this.options.holder), {
          signal,
          fieldManager: agentManager,
        });
        return undefined;
      }
      const holder = holderOf(lease);
      if (holder !== '' && holder !== this.options.holder && !this.#expired(lease)) return `${holder} is active`;
      await this.#replace(lease, this.options.holder, signal);
      return undefined;
    } catch (thrown) {
      if (isAlreadyExists(thrown) || isConflict(thrown) || isNotFound(thrown))
        return 'another agent acquired the lease';
      if (thrown instanceof KubeError) return thrown.message;
      throw thrown;
    }
  }

  #expired(lease: KubeObject): boolean {
    const { resourceVersion } = lease.metadata;
    const now = this.#clock.monotonicMs();
    if (this.#observation?.resourceVersion !== resourceVersion) this.#observation = { resourceVersion, at: now };
    const durationMs = (numberOf(mapAt(lease, 'spec')['leaseDurationSeconds']) ?? 0) * 1_000 || this.#durationMs;
    return now - (this.#observation?.at ?? now) >= durationMs;
  }

  #replace(lease: KubeObject, holder: string, signal?: AbortSignal): Promise<KubeObject> {
    return this.options.client.replace(this.#lease(lease, holder), { signal, fieldManager: agentManager });
  }

  #lease(old: KubeObject | undefined, holder: string): KubeObject {
    const now = this.#clock.now().toISOString().replace('Z', '000Z');
    const spec = mapAt(old, 'spec');
    const { apiVersion, kind, namespace, name } = this.#ref;
    const isRenewal = old !== undefined && holderOf(old) === holder;
    return {
      apiVersion,
      kind,
      metadata: { namespace, name, resourceVersion: old?.metadata.resourceVersion },
      spec: {
        holderIdentity: holder,
        leaseDurationSeconds: Math.ceil(this.#durationMs / 1_000),
        acquireTime: isRenewal ? spec['acquireTime'] : now,
        renewTime: now,
        leaseTransitions: (numberOf(spec['leaseTransitions']) ?? 0) + (isRenewal ? 0 : 1),
      },
    };
  }
}

const holderOf = (lease: KubeObject): string => textOf(mapAt(lease, 'spec')['holderIdentity']) ?? '';
