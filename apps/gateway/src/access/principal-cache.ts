import { Injectable } from '@nestjs/common';
import { identity, type Principal } from '@runos/contracts';
import { faultOf } from '@runos/kernel';
import { Bus, NatsConnector } from '@runos/messaging';
import { LRUCache } from 'lru-cache';
import { createHash } from 'node:crypto';
import { FailedAuthentications } from './failed-authentications.js';

/** Longest use of a cached principal, ms. It bounds the delay of a revocation whose event is lost. */
const cacheTtlMs = 30_000;
const maxEntries = 10_000;
/** How long a token stays known after its last authentication, ms: most clients return within an hour. */
const knownTtlMs = 3_600_000;

export interface AccessChange {
  readonly keyIds: readonly string[];
  readonly userIds: readonly string[];
}

/** Principals by token, cached for 30 s. Identity's event `accessChanged` invalidates them earlier. */
@Injectable()
export class PrincipalCache {
  /** By the hash of the token: tokens are never stored. */
  readonly #cache: LRUCache<string, Principal>;
  /** Hashes of tokens that identity has accepted and not refused since. */
  readonly #known: LRUCache<string, true>;
  readonly #pending = new Map<string, Promise<Principal>>();
  /** When each token expires, by the monotonic clock of this process: its wall clock may be minutes off. */
  readonly #expiresAt = new WeakMap<Principal, number>();
  readonly #listeners = new Set<(change: AccessChange) => void>();

  constructor(
    private readonly bus: Bus,
    connector: NatsConnector,
    private readonly failures: FailedAuthentications,
  ) {
    const perf = { now: () => performance.now() };
    this.#cache = new LRUCache({ max: maxEntries, ttl: cacheTtlMs, perf });
    this.#known = new LRUCache({ max: maxEntries, ttl: knownTtlMs, perf });
    // Events that were published while the connection was down are lost.
    connector.onConnect(() => this.#clear());
  }

  /**
   * A token that is not known needs the budget of failures of the client's network; a known one cannot be a guess.
   * @throws Fault `auth.invalid` for a token that is unknown, revoked or expired; `limit.exceeded` after too many failures
   */
  authenticate(token: string, network: string): Promise<Principal> {
    const hash = hashOf(token);
    const cached = this.#cached(hash);
    if (cached !== undefined) return Promise.resolve(cached);
    const pending = async () => this.#cached(hash) ?? this.#pending.get(hash) ?? this.#request(hash, token);
    return this.#known.has(hash) ? pending() : this.failures.attempt('token', network, pending);
  }

  /** As `authenticate`, but with a reply of identity and not with a cached one. */
  authenticateAgain(token: string): Promise<Principal> {
    const hash = hashOf(token);
    return this.#pending.get(hash) ?? this.#request(hash, token);
  }

  /** Remaining validity of the token of a cached principal, ms. */
  validForMs(principal: Principal): number {
    return (this.#expiresAt.get(principal) ?? 0) - performance.now();
  }

  /** Removes the entries of these keys and users and notifies the listeners. */
  invalidate(change: AccessChange): void {
    for (const [hash, principal] of this.#cache.entries()) if (affects(change, principal)) this.#cache.delete(hash);
    // A pending reply may be older than the change: it serves its present callers and is not cached.
    this.#pending.clear();
    for (const listener of this.#listeners) listener(change);
  }

  onChange(listener: (change: AccessChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #request(hash: string, token: string): Promise<Principal> {
    const pending: Promise<Principal> = this.bus
      .request(identity.authenticate, { token })
      .then(
        (principal) => {
          this.#expiresAt.set(principal, performance.now() + remainingMs(principal));
          if (this.#pending.get(hash) === pending) this.#cache.set(hash, principal);
          this.#known.set(hash, true);
          return principal;
        },
        (error: unknown) => {
          // The event of the revocation may have been lost.
          if (faultOf(error)?.code.startsWith('auth.')) this.#forget(hash);
          throw error;
        },
      )
      .finally(() => {
        if (this.#pending.get(hash) === pending) this.#pending.delete(hash);
      });
    this.#pending.set(hash, pending);
    return pending;
  }

  #cached(hash: string): Principal | undefined {
    const cached = this.#cache.get(hash);
    return cached !== undefined && this.validForMs(cached) > 0 ? cached : undefined;
  }

  #forget(hash: string): void {
    this.#cache.delete(hash);
    this.#known.delete(hash);
  }

  #clear(): void {
    this.#cache.clear();
    this.#pending.clear();
  }
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64');

/** Without `validForMs` (an older identity service) the expiry date is compared with our own clock. */
const remainingMs = ({ validForMs, expiresAt }: Principal): number => validForMs ?? Date.parse(expiresAt) - Date.now();

/** Whether a change of access concerns this principal. */
export const affects = ({ keyIds, userIds }: AccessChange, { keyId, userId }: Principal): boolean =>
  keyIds.includes(keyId) || userIds.includes(userId);
