import { afterEach, describe, expect, it } from '@jest/globals';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import getPort from 'get-port';
import { type Balancer, startBalancer } from './balancer.js';

describe('a balancer', () => {
  const servers: Server[] = [];
  let balancer: Balancer | undefined;
  afterEach(async () => {
    await balancer?.stop();
    for (const server of servers.splice(0)) server.close();
  });

  /** Sends its name to each client, then echoes. */
  async function backend(name: string): Promise<number> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined).write(name);
      socket.pipe(socket);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  async function open(...backends: number[]): Promise<Balancer> {
    balancer = await startBalancer(await getPort({ host: '127.0.0.1' }), backends);
    return balancer;
  }

  const dial = (port: number): Socket => connect(port, '127.0.0.1').setEncoding('utf8');
  const read = async (socket: Socket): Promise<string> => String((await once(socket, 'data'))[0]);

  it('distributes connections round robin', async () => {
    const { port } = await open(await backend('a'), await backend('b'));
    const names = [await read(dial(port)), await read(dial(port)), await read(dial(port))];
    expect(names).toEqual(['a', 'b', 'a']);
  });

  it('skips a backend that is down, and closes the connection when all are down', async () => {
    const unused = await getPort({ host: '127.0.0.1' });
    const { port } = await open(unused, await backend('b'));
    expect([await read(dial(port)), await read(dial(port))]).toEqual(['b', 'b']);
    servers.splice(0).forEach((server) => server.close());
    const refused = dial(port);
    refused.on('error', () => undefined);
    await once(refused, 'close');
  });

  it('cuts open connections without closing them, and forwards new ones', async () => {
    const { port, cut } = await open(await backend('a'));
    const first = dial(port);
    await read(first);
    cut();
    const received: string[] = [];
    first.on('data', (text) => received.push(String(text))).on('close', () => received.push('closed'));
    first.write('lost');
    const second = dial(port);
    expect(await read(second)).toBe('a');
    second.write('hello');
    expect(await read(second)).toBe('hello');
    expect(received).toEqual([]);
    first.destroy();
  });
});
