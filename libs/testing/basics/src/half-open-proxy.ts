import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface HalfOpenProxy {
  readonly port: number;
  /** Open connections pass no more bytes and stay half-open. New connections work. */
  freeze(): void;
  /** Open connections end. New connections work. */
  cut(): void;
  stop(): void;
}

/** A TCP proxy that can make connections half-open, as a pulled cable does, and end them. It keeps no process running. */
export async function halfOpenProxy(targetPort: number): Promise<HalfOpenProxy> {
  const pairs = new Set<[Socket, Socket]>();
  const server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    pairs.add([near, far]);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on('error', () => undefined).unref();
  });
  const cut = (): void => {
    for (const sockets of pairs) for (const socket of sockets) socket.destroy();
    pairs.clear();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    freeze: () => {
      for (const [near, far] of pairs) {
        near.unpipe(far);
        far.unpipe(near);
        near.pause();
        far.pause();
      }
    },
    cut,
    stop: () => {
      cut();
      server.close();
    },
  };
}
