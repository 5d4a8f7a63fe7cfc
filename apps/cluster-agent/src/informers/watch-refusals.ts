import { kindKey } from '@runos/kube-kinds';
import type { ObjectRef } from '@runos/kube-objects';

/** A kind that is watched in the whole cluster, or in one namespace. */
export type WatchedKind = Pick<ObjectRef, 'apiVersion' | 'kind' | 'namespace'>;

/** Identifies a watch: `apps/StatefulSet`, or `/Secret valkey-x7k2p` in one namespace. */
export const watchKey = ({ namespace, ...kind }: WatchedKind): string =>
  namespace === undefined ? kindKey(kind) : `${kindKey(kind)} ${namespace}`;

/** The kinds that the API server does not let the agent list or watch, each with its words. */
export class WatchRefusals {
  readonly #messages = new Map<string, string>();

  /** Returns true if it is new. */
  record(watched: WatchedKind, message: string): boolean {
    const key = watchKey(watched);
    const isNew = this.#messages.get(key) !== message;
    this.#messages.set(key, message);
    return isNew;
  }

  /** The kind was listed. Returns true if it was refused before. */
  clear(watched: WatchedKind): boolean {
    return this.#messages.delete(watchKey(watched));
  }

  /** True for an object that no watch reports. */
  has(ref: WatchedKind): boolean {
    return this.#messages.has(kindKey(ref)) || this.#messages.has(watchKey(ref));
  }

  /** The words of the API server about the watches of these objects, each once; empty if all of them are watched. */
  messagesFor(refs: Iterable<WatchedKind>): string[] {
    if (this.#messages.size === 0) return [];
    const keys = new Set([...refs].flatMap((ref) => [kindKey(ref), watchKey(ref)]));
    return [...keys].flatMap((key) => this.#messages.get(key) ?? []);
  }
}
