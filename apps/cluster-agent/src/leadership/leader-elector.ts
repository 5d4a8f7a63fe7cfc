import { type Clock, systemClock } from '@runos/kernel';
import { isAlreadyExists, isConflict, isNotFound, KubeError, type KubeClient } from '@runos/kube-client';
import type { KubeObject, ObjectRef } from '@runos/kube-objects';
import { agentManager } from './fenced-secrets.js';
import { durationMsOf, earlierLoadOf, holderOf, leaseObject, type LeaseContent, tokenOf } from './lease-object.js';
import { type CompletedLoad, LeaseTerm } from './lease-term.js';

export interface LeaderElectorOptions {
  readonly client: KubeClient;
  /** Namespace of the Lease. */
  readonly namespace: string;
  /** Holder identity. An agent with the same identity after a restart takes its lease over at once. */
  readonly holder: string;
  readonly clock?: Clock;
  /** A lease that is not renewed for this long has expired. Default 15 s, as in client-go. */
  readonly durationMs?: number;
  /** Default: a third of the duration. The holder gives the lease up this long before it expires. */
  readonly renewEveryMs?: number;
}

/** Why an agent waits for the lease. */
export interface LeaseWait {
  readonly reason: string;
  /** Who holds the lease; undefined if the lease cannot be read or written. */
  readonly holder?: string;
}

/** Releasing the lease must not delay the shutdown. */
const releaseTimeoutMs = 2_000;

/** A failed renewal is repeated after this share of the interval. */
const retryShare = 0.2;

interface LeaseObservation {
  readonly resourceVersion: string | undefined;
  /** ms of the monotonic clock. */
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
  #lastRenewal: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: LeaderElectorOptions) {
    const { namespace } = options;
    this.#ref = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name: 'cluster-agent' };
    this.#clock = options.clock ?? systemClock;
    this.#durationMs = options.durationMs ?? 15_000;
    this.#renewEveryMs = options.renewEveryMs ?? this.#durationMs / 3;
  }

  /** Waits for the lease. Undefined if `signal` aborts first. `onWaiting` receives every new reason of the wait. */
  async acquire(signal: AbortSignal, onWaiting: (wait: LeaseWait) => void): Promise<LeaseTerm | undefined> {
    for (let lastReason = ''; !signal.aborted;) {
      const acquired = await this.#answered(() => this.#tryAcquire(signal));
      if (acquired instanceof LeaseTerm) return acquired;
      const wait = typeof acquired === 'string' ? { reason: acquired } : acquired;
      if (wait.reason !== lastReason) onWaiting(wait);
      lastReason = wait.reason;
      await this.#clock.sleep(this.#renewEveryMs, signal);
    }
    return undefined;
  }

  /** Renews the lease until `signal` aborts or the term has ended. No attempt lasts longer than the lease is held. */
  async renew(term: LeaseTerm, signal: AbortSignal): Promise<void> {
    for (let problem: string | undefined; !signal.aborted && !term.ended.aborted;) {
      const pauseMs = problem === undefined ? this.#renewEveryMs : this.#renewEveryMs * retryShare;
      await this.#clock.sleep(Math.min(pauseMs, term.remainingMs), signal);
      if (signal.aborted || term.ended.aborted) return;
      if (term.isHeld) problem = await this.#renewOnce(term, term.load, signal);
      if (!term.isHeld) term.end(`The lease was not renewed in time. ${problem ?? ''}`.trim());
    }
  }

  /**
   * Records what the leader works with, before it starts: a deposed agent may create a Secret after that, and the next
   * load must recognize it. Raises the fencing token above all stored ones, also after the Lease was deleted.
   * @throws Fault `unavailable` if it could not be recorded
   */
  async recordLoad(term: LeaseTerm, stored: { resourceVersion: string; highestToken: number }): Promise<void> {
    const { resourceVersion, highestToken } = stored;
    const load = { token: Math.max(term.token, highestToken + 1), resourceVersion };
    const problem = await this.#renewOnce(term, load);
    if (problem !== undefined) throw term.end(problem);
  }

  /** Releases the lease, so that the next agent need not wait. A failure costs only that wait. */
  async release(term: LeaseTerm): Promise<void> {
    const signal = AbortSignal.timeout(releaseTimeoutMs);
    await this.#answered(async () => {
      const lease = await this.options.client.find(this.#ref, { signal });
      if (lease && this.#isOf(lease, term)) await this.#write(lease, { holder: '', token: term.token }, signal);
      return '';
    });
  }

  /** Acquires the lease, or returns who holds it. */
  async #tryAcquire(signal: AbortSignal): Promise<LeaseTerm | LeaseWait> {
    const startedAt = this.#clock.monotonicMs();
    const { holder } = this.options;
    const lease = await this.options.client.find(this.#ref, { signal });
    const current = holderOf(lease);
    if (current !== '' && current !== holder && !this.#isExpired(lease)) {
      return { reason: `${current} is active`, holder: current };
    }
    const token = tokenOf(lease) + 1;
    await this.#write(lease, { holder, token }, signal);
    const earlierLoad = earlierLoadOf(lease);
    return new LeaseTerm({ clock: this.#clock, token, heldUntilMs: this.#heldUntil(startedAt), earlierLoad });
  }

  /**
   * Renews the lease, or aborts the attempt when it is no longer held. Undefined on success, else the problem. One
   * renewal runs at a time, because each one replaces the Lease that the one before has written.
   */
  #renewOnce(term: LeaseTerm, load: CompletedLoad | undefined, signal?: AbortSignal): Promise<string | undefined> {
    const renewal = this.#lastRenewal.then(async () => {
      const attempt = new AbortController();
      const done = new AbortController();
      const abort = () => attempt.abort();
      signal?.addEventListener('abort', abort, { once: true });
      void this.#clock.sleep(term.remainingMs, done.signal).then(abort);
      try {
        return await this.#answered(() => this.#tryRenew(term, load, attempt.signal));
      } finally {
        done.abort();
        signal?.removeEventListener('abort', abort);
      }
    });
    this.#lastRenewal = renewal.catch(() => undefined);
    return renewal;
  }

  /** The term ends if another agent, or another process of this one, has acquired the lease. */
  async #tryRenew(term: LeaseTerm, load: CompletedLoad | undefined, signal: AbortSignal): Promise<string | undefined> {
    if (!term.isHeld) return 'The lease has expired.';
    const startedAt = this.#clock.monotonicMs();
    const lease = await this.options.client.find(this.#ref, { signal });
    if (lease !== undefined && !this.#isOf(lease, term)) {
      term.end(`${holderOf(lease) || 'Another agent'} acquired the lease.`);
      return term.endReason;
    }
    const token = load?.token ?? term.token;
    await this.#write(lease, { holder: this.options.holder, token, load, isRenewal: true }, signal);
    if (load !== undefined) term.recordLoad(load);
    term.recordRenewal(this.#heldUntil(startedAt));
    return undefined;
  }

  /** A refusal or an outage as its reason. */
  async #answered<T>(work: () => Promise<T>): Promise<T | string> {
    try {
      return await work();
    } catch (thrown) {
      if (isAlreadyExists(thrown) || isConflict(thrown) || isNotFound(thrown))
        return 'another agent acquired the lease';
      if (thrown instanceof KubeError) return thrown.message;
      throw thrown;
    }
  }

  #isOf(lease: KubeObject, term: LeaseTerm): boolean {
    return holderOf(lease) === this.options.holder && tokenOf(lease) === term.token;
  }

  /** The lease is given up one interval before another agent may acquire it. */
  #heldUntil(renewedAt: number): number {
    return renewedAt + this.#durationMs - this.#renewEveryMs;
  }

  #isExpired(lease: KubeObject | undefined): boolean {
    const resourceVersion = lease?.metadata.resourceVersion;
    const now = this.#clock.monotonicMs();
    if (this.#observation?.resourceVersion !== resourceVersion) this.#observation = { resourceVersion, at: now };
    return now - (this.#observation?.at ?? now) >= (durationMsOf(lease) || this.#durationMs);
  }

  async #write(
    lease: KubeObject | undefined,
    content: Pick<LeaseContent, 'holder' | 'token' | 'load' | 'isRenewal'>,
    signal: AbortSignal,
  ): Promise<void> {
    const { client } = this.options;
    const now = this.#clock.now();
    const object = leaseObject(this.#ref, lease, { ...content, now, durationMs: this.#durationMs });
    const options = { signal, fieldManager: agentManager };
    await (lease === undefined ? client.create(object, options) : client.replace(object, options));
  }
}
