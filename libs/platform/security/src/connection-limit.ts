import { clientNetwork } from './client-network.js';

export interface ConnectionLimitOptions {
  /** Open connections of one client network; 0 switches the limit off. */
  readonly max: number;
  /** A network has reached the limit. Called once, until all its connections are closed. */
  onReached(network: string): void;
}

interface OpenConnections {
  count: number;
  isReached: boolean;
}

/** Limits the open connections of each client network. */
export class ConnectionLimit {
  readonly #networks = new Map<string, OpenConnections>();

  constructor(private readonly options: ConnectionLimitOptions) {}

  /** Counts a connection of this address until the returned function is called. Undefined: it must be refused. */
  add(address: string | undefined): (() => void) | undefined {
    const { max, onReached } = this.options;
    if (max === 0) return () => undefined;
    const network = clientNetwork(address);
    const open = this.#networks.get(network) ?? { count: 0, isReached: false };
    if (open.count >= max) {
      if (!open.isReached) onReached(network);
      open.isReached = true;
      return undefined;
    }
    open.count += 1;
    this.#networks.set(network, open);
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      open.count -= 1;
      if (open.count === 0) this.#networks.delete(network);
    };
  }
}
