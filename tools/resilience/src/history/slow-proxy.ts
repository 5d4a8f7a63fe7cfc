import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';

export interface SlowProxy {
  readonly port: number;
  /** From now on every chunk of bytes waits so long, in both directions, ms. 0: no delay. */
  delay(ms: number): void;
  stop(): void;
}

/** A TCP proxy with a delay and so a low bandwidth. `targetPort` is called for each connection. */
export async function startSlowProxy(targetPort: () => number): Promise<SlowProxy> {
  const sockets = new Set<Socket>();
  let delayMs = 0;
  const delayed = (): Transform =>
    new Transform({
      transform: (chunk, _, forward) => {
        if (delayMs === 0) forward(null, chunk);
        else setTimeout(() => forward(null, chunk), delayMs);
      },
    });
  const server = createServer((near) => {
    near.on('error', () => near.destroy());
    let far: Socket;
    try {
      far = connect(targetPort(), '127.0.0.1');
    } catch {
      return void near.destroy(); // the target does not run yet
    }
    far.on('error', () => far.destroy());
    for (const [socket, other] of [[near, far] as const, [far, near] as const]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(delayed()).pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    delay: (ms) => void (delayMs = ms),
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
