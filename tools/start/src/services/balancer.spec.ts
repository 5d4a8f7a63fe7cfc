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

  /** Says its name to whoever comes, then echoes. */
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
  const said = async (socket: Socket): Promise<string> => String((await once(socket, 'data'))[0]);

  it('gives every backend its turn', async () => {
    const { port } = await open(await backend('a'), await backend('b'));
    const words = [await said(dial(port)), await said(dial(port)), await said(dial(port))];
    expect(words).toEqual(['a', 'b', 'a']);
  });

  it('passes over a backend that is down, and closes the door when all are', async () => {
    const gone = await getPort({ host: '127.0.0.1' });
    const { port } = await open(gone, await backend('b'));
    expect([await said(dial(port)), await said(dial(port))]).toEqual(['b', 'b']);
    servers.splice(0).forEach((server) => server.close());
    const refused = dial(port);
    refused.on('error', () => undefined);
    await once(refused, 'close');
  });

  it('cuts what is open without a word, and lets new connections through', async () => {
    const { port, cut } = await open(await backend('a'));
    const old = dial(port);
    await said(old);
    cut();
    const heard: string[] = [];
    old.on('data', (text) => heard.push(String(text))).on('close', () => heard.push('closed'));
    old.write('anybody?');
    const fresh = dial(port);
    expect(await said(fresh)).toBe('a');
    fresh.write('hello');
    expect(await said(fresh)).toBe('hello');
    expect(heard).toEqual([]);
    old.destroy();
  });
});
