import { connect, createServer, type Server, type Socket } from 'node:net';

export interface Balancer {
  readonly port: number;
  /** Open connections pass no more bytes and stay half-open, as after a pulled cable. New connections work. */
  cut(): void;
  stop(): Promise<void>;
}

/** The maximum number of open connections; further ones are refused. */
const maxConnections = 20_000;

/** A round-robin TCP balancer to ports of this machine; a backend that refuses a connection is skipped. */
export async function startBalancer(port: number, backends: readonly number[], host = '127.0.0.1'): Promise<Balancer> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let connections = 0;
  const server = createServer({ allowHalfOpen: true }, (near) => {
    near.on('error', () => near.destroy()); // the client has disconnected
    const offset = connections++;
    const dial = (attempt: number): void => {
      const backend = backends[(offset + attempt) % backends.length];
      if (backend === undefined) return void near.destroy();
      const far = connect({ port: backend, host: '127.0.0.1', allowHalfOpen: true });
      far.once('connect', () => {
        far.removeAllListeners('error');
        join(near, far, pairs);
      });
      far.once('error', () => (attempt + 1 < backends.length ? dial(attempt + 1) : near.destroy()));
    };
    dial(0);
  });
  server.maxConnections = maxConnections;
  await listen(server, port, host);
  const cut = (): void => {
    for (const [near, far] of pairs) {
      near.unpipe(far);
      far.unpipe(near);
      near.pause();
      far.pause();
    }
  };
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const sockets of pairs) for (const socket of sockets) socket.destroy();
    });
  return { port, cut, stop };
}

/** Forwards bytes in both directions; when one connection breaks, the other is closed. */
function join(near: Socket, far: Socket, pairs: Set<readonly [Socket, Socket]>): void {
  if (near.destroyed) return void far.destroy();
  const pair = [near, far] as const;
  pairs.add(pair);
  for (const [socket, other] of [pair, [far, near] as const]) {
    socket.setNoDelay(true);
    socket.on('error', () => other.destroy());
    socket.once('close', () => {
      pairs.delete(pair);
      other.destroy();
    });
    socket.pipe(other);
  }
}

const listen = (server: Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
