import type { Report } from '@runos/agent-protocol';
import type { Carrier } from '@runos/observability';

/** A report about one resource. */
export interface Message {
  /** Identifies the resource. Only the newest message per resource is sent. */
  readonly resource: string;
  readonly report: Report;
  readonly body: unknown;
  /** The last message of the resource: later ones are dropped. */
  readonly final: boolean;
  /** Called when the peer has acknowledged the message; never for a message that a newer one replaced. */
  readonly acknowledged?: () => void;
  /** The trace of the work that the message reports, if there is one. */
  readonly trace?: Carrier;
}

/** Keeps the newest message per resource until the peer acknowledges it. At most one per resource is in flight. */
export class Outbox {
  readonly #pending = new Map<string, Message>();
  readonly #inFlight = new Map<string, Message>();

  /** The number of resources with a message that is not acknowledged. */
  get size(): number {
    return new Set([...this.#pending.keys(), ...this.#inFlight.keys()]).size;
  }

  /** Replaces the pending message of the resource. Does nothing after a final one that is not acknowledged yet. */
  put(message: Message): void {
    const last = this.#pending.get(message.resource) ?? this.#inFlight.get(message.resource);
    if (!last?.final) this.#pending.set(message.resource, message);
  }

  /** Moves up to `limit` messages into flight and returns them. */
  claim(limit: number): Message[] {
    const claimed: Message[] = [];
    for (const [resource, message] of this.#pending) {
      if (claimed.length >= limit) break;
      if (this.#inFlight.has(resource)) continue;
      this.#pending.delete(resource);
      this.#inFlight.set(resource, message);
      claimed.push(message);
    }
    return claimed;
  }

  /** Removes a message that was in flight. Ignores one that a requeue has returned meanwhile. */
  acknowledge(message: Message): void {
    if (this.#inFlight.get(message.resource) === message) this.#inFlight.delete(message.resource);
  }

  /** The message was not acknowledged: it becomes pending again, unless there is a newer one. */
  requeue(message: Message): void {
    if (this.#inFlight.get(message.resource) !== message) return;
    this.#inFlight.delete(message.resource);
    if (!this.#pending.has(message.resource)) this.#pending.set(message.resource, message);
  }
}
