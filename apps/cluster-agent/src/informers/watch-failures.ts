import type { WatchFailure } from '@runos/kube-client';
import { kindKey } from '@runos/kube-kinds';
import type { ObjectRef } from '@runos/kube-objects';

/** A kind that is watched in the whole cluster, or in one namespace; with a field selector, only a part of it. */
export interface WatchedKind extends Pick<ObjectRef, 'apiVersion' | 'kind' | 'namespace'> {
  readonly fieldSelector?: string | undefined;
}

/** Identifies a watch: `apps/StatefulSet`, or `/Secret valkey-x7k2p` in one namespace. */
export const watchKey = ({ namespace, fieldSelector, ...kind }: WatchedKind): string =>
  [kindKey(kind), namespace, fieldSelector].filter(Boolean).join(' ');

/** Why a kind is not observed now. */
export interface FailedWatch extends WatchedKind {
  readonly verb: WatchFailure['verb'];
  /** The API server does not allow it. Otherwise it fails, or delivers nothing. */
  readonly refused: boolean;
  /** With the words of the API server. */
  readonly message: string;
}

/** The kinds that the agent does not observe: it may not list or watch them, or their watch has failed for long. */
export class WatchFailures {
  readonly #failures = new Map<string, FailedWatch>();

  list(): FailedWatch[] {
    return [...this.#failures.values()];
  }

  /** Returns true if it is new. */
  record(watched: WatchedKind, failure: Pick<FailedWatch, 'verb' | 'refused'>, words: string): boolean {
    const key = watchKey(watched);
    const message = `Cannot ${failure.verb} ${watched.kind}: ${words}`;
    const isNew = this.#failures.get(key)?.message !== message;
    this.#failures.set(key, { ...watched, ...failure, message });
    return isNew;
  }

  /** The kind was listed; its watch may still fail. Returns true if its list had failed. */
  recordListed(watched: WatchedKind): boolean {
    const key = watchKey(watched);
    return this.#failures.get(key)?.verb === 'list' && this.#failures.delete(key);
  }

  /** The watch delivers, or has ended for good. Returns true if it had failed. */
  clear(watched: WatchedKind): boolean {
    return this.#failures.delete(watchKey(watched));
  }

  /** Why this object is not observed; undefined for one that a watch reports. */
  find(ref: WatchedKind): FailedWatch | undefined {
    if (this.#failures.size === 0) return undefined;
    return this.#failures.get(kindKey(ref)) ?? this.#failures.get(watchKey(ref));
  }

  /** The failures of the watches of these objects, each once; empty if all of them are observed. */
  of(refs: Iterable<WatchedKind>): FailedWatch[] {
    if (this.#failures.size === 0) return [];
    return [...new Set([...refs].flatMap((ref) => this.find(ref) ?? []))];
  }
}

/** The reason of conditions about these failures: `ListRefused`, `WatchRefused`, `ListFailed` or `WatchFailed`. */
export const failureReason = ({ verb, refused }: FailedWatch): string =>
  `${verb === 'list' ? 'List' : 'Watch'}${refused ? 'Refused' : 'Failed'}`;
