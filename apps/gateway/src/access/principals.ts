import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { identity, type Principal } from '@runos/contracts';
import { Bus, NatsConnector } from '@runos/messaging';
import { LRUCache } from 'lru-cache';

/** Longer than this nobody is believed without asking again. */
const believedMs = 30_000;
const remembered = 10_000;

export interface AccessChange {
  readonly keyIds: readonly string[];
  readonly userIds: readonly string[];
}

/** Who a token speaks for: asked once, then remembered for half a minute, unless identity says that it changed. */
@Injectable()
export class Principals {
  /** By the hash of the token: tokens themselves are never kept. */
  readonly #known: LRUCache<string, Principal>;
  readonly #asked = new Map<string, Promise<Principal>>();
  /** When each one's token ends, by the steady clock of this process: its date may be minutes wrong. */
  readonly #ends = new WeakMap<Principal, number>();
  readonly #listeners = new Set<(change: AccessChange) => void>();

  constructor(
    private readonly bus: Bus,
    link: NatsConnector,
  ) {
    this.#known = new LRUCache({ max: remembered, ttl: believedMs, perf: { now: () => performance.now() } });
    // What was said while we could not hear is unknown.
    link.onConnect(() => this.#forgetAll());
  }

  /** @throws Fault `auth.invalid` for a token that is unknown, revoked or expired */
  of(token: string): Promise<Principal> {
    const hash = createHash('sha256').update(token).digest('base64');
    const known = this.#known.get(hash);
    if (known !== undefined && this.leftMs(known) > 0) return Promise.resolve(known);
    return this.#asked.get(hash) ?? this.#ask(hash, token);
  }

  /** How much longer the token of a caller that is known here is good, ms. */
  leftMs(principal: Principal): number {
    return (this.#ends.get(principal) ?? 0) - performance.now();
  }

  /** Drops what is remembered of these keys and users, at once, and tells who follows. */
  changed(change: AccessChange): void {
    for (const [hash, principal] of this.#known.entries()) if (concerns(change, principal)) this.#known.delete(hash);
    // An answer that is on its way may be older than the change: it serves those who wait for it and nobody after.
    this.#asked.clear();
    for (const listener of this.#listeners) listener(change);
  }

  onChange(listener: (change: AccessChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #ask(hash: string, token: string): Promise<Principal> {
    const asked: Promise<Principal> = this.bus
      .request(identity.authenticate, { token })
      .then((principal) => {
        this.#ends.set(principal, performance.now() + validForMs(principal));
        if (this.#asked.get(hash) === asked) this.#known.set(hash, principal);
        return principal;
      })
      .finally(() => {
        if (this.#asked.get(hash) === asked) this.#asked.delete(hash);
      });
    this.#asked.set(hash, asked);
    return asked;
  }

  #forgetAll(): void {
    this.#known.clear();
    this.#asked.clear();
  }
}

/** An identity service of the version before says only when; then our own date has to do. */
const validForMs = ({ validForMs: told, expiresAt }: Principal): number => told ?? Date.parse(expiresAt) - Date.now();

/** Whether a change of access is about this caller. */
export const concerns = ({ keyIds, userIds }: AccessChange, { keyId, userId }: Principal): boolean =>
  keyIds.includes(keyId) || userIds.includes(userId);
