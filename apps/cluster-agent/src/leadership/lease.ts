import { type Clock, systemClock } from '@runos/kernel';
import { isConflict, isNotFound, KubeError, type KubeClient } from '@runos/kube-client';
import { type KubeObject, mapAt, numberOf, type ObjectRef, textOf } from '@runos/kube-objects';
import { agentManager } from '../bundles/bundle-store.js';

export interface LeaseOptions {
  readonly client: KubeClient;
  /** Where the lease is. */
  readonly namespace: string;
  /** Tells agents apart; the same one after a restart takes its own lease back at once. */
  readonly holder: string;
  readonly clock?: Clock;
  /** A lease that was not renewed for this long is free. Default 15 s. */
  readonly durationMs?: number;
  /** Default: a third of the duration. */
  readonly renewEveryMs?: number;
}

/** Giving it back must not hold up the end of the process. */
const releaseMs = 2_000;

interface Sight {
  readonly version: string | undefined;
  readonly at: number;
}

/** One active agent per cluster: two that apply as the same manager could not be told apart. */
export class Lease {
  readonly #ref: ObjectRef;
  readonly #clock: Clock;
  readonly #durationMs: number;
  readonly #renewEveryMs: number;
  /** When the lease of another was last seen to change, by our own clock: the clocks of two machines differ. */
  #sight: Sight | undefined;

  constructor(private readonly options: LeaseOptions) {
    const { namespace } = options;
    this.#ref = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name: 'cluster-agent' };
    this.#clock = options.clock ?? systemClock;
    this.#durationMs = options.durationMs ?? 15_000;
    this.#renewEveryMs = options.renewEveryMs ?? this.#durationMs / 3;
  }

  /** Waits until the lease is ours. Answers false when `signal` aborts first. `waiting` hears of whom it waits for. */
  async acquire(signal: AbortSignal, waiting: (why: string) => void): Promise<boolean> {
    for (let told = ''; !signal.aborted;) {
      const why = await this.#try(signal);
      if (why === undefined) return true;
      if (why !== told) waiting((told = why));
      await this.#clock.sleep(this.#renewEveryMs, signal);
    }
    return false;
  }

  /** Renews until `signal` aborts or the lease is lost; resolves then. */
  async keep(signal: AbortSignal): Promise<void> {
    let renewedAt = this.#clock.now().getTime();
    while (!signal.aborted) {
      await this.#clock.sleep(this.#renewEveryMs, signal);
      if (signal.aborted) return;
      const startedAt = this.#clock.now().getTime();
      if ((await this.#try(signal)) === undefined) renewedAt = startedAt;
      // Give up before anybody else may take it.
      if (this.#clock.now().getTime() - renewedAt >= this.#durationMs - this.#renewEveryMs) return;
    }
  }

  /** Gives it back, so that the next one need not wait. Failing to do so costs only that wait. */
  async release(): Promise<void> {
    try {
      const signal = AbortSignal.timeout(releaseMs);
      const lease = await this.options.client.find(this.#ref, { signal });
      if (lease && holderOf(lease) === this.options.holder) await this.#put(lease, '', signal);
    } catch (thrown) {
      if (!(thrown instanceof KubeError)) throw thrown;
    }
  }

  /** Undefined when the lease is ours and renewed, else why it is not. */
  async #try(signal: AbortSignal): Promise<string | undefined> {
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
      await this.#put(lease, this.options.holder, signal);
      return undefined;
    } catch (thrown) {
      if (isConflict(thrown) || isNotFound(thrown)) return 'another agent was faster';
      if (thrown instanceof KubeError) return thrown.message;
      throw thrown;
    }
  }

  #expired(lease: KubeObject): boolean {
    const version = lease.metadata.resourceVersion;
    const now = this.#clock.now().getTime();
    if (this.#sight?.version !== version) this.#sight = { version, at: now };
    const durationMs = (numberOf(mapAt(lease, 'spec')['leaseDurationSeconds']) ?? 0) * 1_000 || this.#durationMs;
    return now - (this.#sight?.at ?? now) >= durationMs;
  }

  #put(lease: KubeObject, holder: string, signal?: AbortSignal): Promise<KubeObject> {
    return this.options.client.replace(this.#lease(lease, holder), { signal, fieldManager: agentManager });
  }

  #lease(old: KubeObject | undefined, holder: string): KubeObject {
    const now = this.#clock.now().toISOString().replace('Z', '000Z');
    const spec = mapAt(old, 'spec');
    const { apiVersion, kind, namespace, name } = this.#ref;
    const same = old !== undefined && holderOf(old) === holder;
    return {
      apiVersion,
      kind,
      metadata: { namespace, name, resourceVersion: old?.metadata.resourceVersion },
      spec: {
        holderIdentity: holder,
        leaseDurationSeconds: Math.ceil(this.#durationMs / 1_000),
        acquireTime: same ? spec['acquireTime'] : now,
        renewTime: now,
        leaseTransitions: (numberOf(spec['leaseTransitions']) ?? 0) + (same ? 0 : 1),
      },
    };
  }
}

const holderOf = (lease: KubeObject): string => textOf(mapAt(lease, 'spec')['holderIdentity']) ?? '';
