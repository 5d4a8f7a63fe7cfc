import type { Report } from '@runos/agent-protocol';
import type { Carrier } from '@runos/observability';

/** One thing to say about one resource. */
export interface Message {
  /** What it is about: only the newest message about it is kept. */
  readonly about: string;
  readonly report: Report;
  readonly body: unknown;
  /** The last word about this resource: nothing later replaces it. */
  readonly final: boolean;
  /** Called once the peer has confirmed it; never for a message that newer word replaced. */
  readonly acknowledged?: () => void;
  /** Of the work that it belongs to, if it belongs to any. */
  readonly trace?: Carrier;
}

/** Keeps the newest word per resource until the peer confirms it; never more than one in flight per resource. */
export class Outbox {
  readonly #waiting = new Map<string, Message>();
  readonly #inFlight = new Map<string, Message>();

  /** How many messages are not confirmed yet. */
  get size(): number {
    return new Set([...this.#waiting.keys(), ...this.#inFlight.keys()]).size;
  }

  put(message: Message): void {
    const last = this.#waiting.get(message.about) ?? this.#inFlight.get(message.about);
    if (!last?.final) this.#waiting.set(message.about, message);
  }

  /** At most `free` messages that may be sent now; they count as in flight. */
  take(free: number): Message[] {
    const taken: Message[] = [];
    for (const [about, message] of this.#waiting) {
      if (taken.length >= free) break;
      if (this.#inFlight.has(about)) continue;
      this.#waiting.delete(about);
      this.#inFlight.set(about, message);
      taken.push(message);
    }
    return taken;
  }

  confirm(message: Message): void {
    if (this.#inFlight.get(message.about) === message) this.#inFlight.delete(message.about);
  }

  /** It was not confirmed: say it again, unless there is newer word by now. */
  failed(message: Message): void {
    if (this.#inFlight.get(message.about) !== message) return;
    this.#inFlight.delete(message.about);
    if (!this.#waiting.has(message.about)) this.#waiting.set(message.about, message);
  }
}
