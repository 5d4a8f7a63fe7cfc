import { connect, createServer, type Server, type Socket } from 'node:net';

export interface Balancer {
  readonly port: number;
  /** From now on no byte passes on the connections there are, and nobody is told: a pulled cable. New ones work. */
  cut(): void;
  stop(): Promise<void>;
}

/** The most connections at once; whoever comes then is refused, as by any proxy with a limit. */
const maxConnections = 20_000;

/** A plain TCP balancer: each connection goes to the next backend in turn, or to the next one that takes it. */
export async function startBalancer(port: number, backends: readonly number[]): Promise<Balancer> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let turn = 0;
  const server = createServer({ allowHalfOpen: true }, (near) => {
    near.on('error', () => near.destroy()); // a client that is gone is no trouble of ours
    const first = turn++;
    const reach = (tried: number): void => {
      const far = connect({
        port: backends[(first + tried) % backends.length],
        host: '127.0.0.1',
        allowHalfOpen: true,
      });
      far.once('connect', () => {
        far.removeAllListeners('error');
        join(near, far, pairs);
      });
      far.once('error', () => (tried + 1 < backends.length ? reach(tried + 1) : near.destroy()));
    };
    reach(0);
  });
  server.maxConnections = maxConnections;
  await listen(server, port);
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

/** Everything that one side says reaches the other; when one breaks, so does the other. */
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

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
