import { kindKey } from '@runos/kube-kinds';
import type { ObjectRef } from '@runos/kube-objects';

type WatchedKind = Pick<ObjectRef, 'apiVersion' | 'kind'>;

/** The kinds that the API server does not let the agent list or watch, each with its words. */
export class WatchRefusals {
  readonly #messages = new Map<string, string>();

  /** Returns true if it is new. */
  record(kind: string, message: string): boolean {
    const isNew = this.#messages.get(kind) !== message;
    this.#messages.set(kind, message);
    return isNew;
  }

  /** The kind was listed. Returns true if it was refused before. */
  clear(kind: string): boolean {
    return this.#messages.delete(kind);
  }

  has(kind: WatchedKind): boolean {
    return this.#messages.has(kindKey(kind));
  }

  /** The words of the API server about these kinds, each once; empty if all of them can be watched. */
  messagesFor(kinds: Iterable<WatchedKind>): string[] {
    if (this.#messages.size === 0) return [];
    const keys = new Set([...kinds].map(kindKey));
    return [...keys].flatMap((key) => this.#messages.get(key) ?? []);
  }
}
