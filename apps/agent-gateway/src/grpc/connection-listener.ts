import { BlockList, createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { ConnectionLimit } from '@runos/security';
import { readProxyHeader } from './proxy-header.js';

/** A balancer sends the header right after it has connected, ms. */
const headerTimeoutMs = 5_000;

export interface ListenerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Addresses and CIDR ranges of balancers that send the header of the PROXY protocol. */
  readonly balancers: readonly string[];
  /** The limit of open connections per client. Refused ones are closed. */
  readonly connections: ConnectionLimit;
  /** Called with a connection whose next bytes are those of the client. */
  readonly onConnection: (socket: Socket) => void;
}

/**
 * Accepts the connections of one port. A connection of a balancer must start with the header of the PROXY protocol,
 * which names the client. A header from elsewhere is not read, because it may name any address.
 */
export class ConnectionListener {
  readonly #server: Server;
  readonly #balancers = new BlockList();
  /** The clients of open connections, by the address and port of their balancer. */
  readonly #clients = new Map<string, string>();
  readonly #reading = new Set<Socket>();
  readonly #open = new Set<Socket>();

  constructor(private readonly options: ListenerOptions) {
    for (const range of options.balancers) addRange(this.#balancers, range);
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Resolves with the port. @throws Error when the port is not free */
  listen(): Promise<number> {
    const { host, port } = this.options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        const address = this.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  /** Accepts no new connections. Those that it has passed on stay open. */
  stop(): void {
    this.#server.close();
    for (const socket of this.#reading) socket.destroy();
  }

  /** Closes every connection that is still open. The gRPC server does not know those whose TLS handshake has not ended. */
  destroy(): void {
    for (const socket of this.#open) socket.destroy();
  }

  /** The peer of a connection, with the client's address in place of its balancer's. Both are `<address>:<port>`. */
  clientOf(peer: string): string {
    return this.#clients.get(peer) ?? peer;
  }

  #accept(socket: Socket): void {
    socket.on('error', () => socket.destroy()); // the caller has disconnected
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined) return void socket.destroy();
    if (!this.#balancers.check(remoteAddress, isIPv6(remoteAddress) ? 'ipv6' : 'ipv4'))
      return this.#passOn(socket, remoteAddress);
    this.#reading.add(socket);
    readClient(socket, (client) => {
      this.#reading.delete(socket);
      if (client !== undefined) this.#remember(socket, `${remoteAddress}:${remotePort}`, `${client}:${remotePort}`);
      this.#passOn(socket, client ?? remoteAddress);
    });
    socket.once('close', () => this.#reading.delete(socket));
  }

  #passOn(socket: Socket, client: string): void {
    const release = this.options.connections.add(client);
    if (release === undefined) return void socket.destroy();
    socket.once('close', release);
    this.options.onConnection(socket);
  }

  #remember(socket: Socket, peer: string, client: string): void {
    this.#clients.set(peer, client);
    socket.once('close', () => this.#clients.delete(peer));
  }
}

/** The address of a peer, without its port. */
export const addressOf = (peer: string): string => peer.replace(/:\d+$/, '');

/** Consumes the header and passes on the client that it names, if it names one. Destroys the socket without a header. */
function readClient(socket: Socket, onHeader: (client: string | undefined) => void): void {
  let received: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), headerTimeoutMs);
  socket.once('close', () => clearTimeout(timer));
  const read = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    received = Buffer.concat([received, chunk]);
    const header = readProxyHeader(received);
    if (header.kind === 'incomplete') return;
    clearTimeout(timer);
    socket.off('readable', read);
    if (header.kind === 'invalid') return void socket.destroy();
    socket.unshift(received.subarray(header.bytes));
    onHeader(header.source);
  };
  socket.on('readable', read);
}

function addRange(list: BlockList, range: string): void {
  const [address = '', prefix] = range.split('/');
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  if (prefix === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(prefix), family);
}
