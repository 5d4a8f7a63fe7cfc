import type { ConnectedAgent } from '../streams/connected-agent.js';

/** Numbers the reports of an agent that does not number them itself, per stream and in the order of their arrival. */
export class StatusNumbers {
  readonly #last = new WeakMap<ConnectedAgent, number>();

  next(agent: ConnectedAgent): number {
    const number = (this.#last.get(agent) ?? 0) + 1;
    this.#last.set(agent, number);
    return number;
  }
}
