import { randomInt } from 'node:crypto';
import getPort from 'get-port';

/**
 * A free port of the loopback address. Below 32768, where Linux begins to give ports to outgoing connections: one of
 * these could take the port before its program listens.
 */
export const freePort = (): Promise<number> =>
  getPort({ host: '127.0.0.1', port: Array.from({ length: 20 }, () => randomInt(15_000, 32_000)) });
