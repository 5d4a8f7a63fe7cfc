import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import { expect, it } from '@jest/globals';
import { hourMs } from '@runos/kernel';
import { startSlowProxy } from './slow-proxy.js';

it('a slow proxy delays bytes in both directions, in order, until it is fast again', async () => {
  const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const proxy = await startSlowProxy(() => (echo.address() as AddressInfo).port);
  const client = connect(proxy.port, '127.0.0.1');
  const roundTripMs = async (text: string): Promise<number> => {
    const from = performance.now();
    client.write(text);
    const [bytes] = (await once(client, 'data')) as [Buffer];
    expect(bytes.toString()).toBe(text);
    return performance.now() - from;
  };
  try {
    await once(client, 'connect');
    await roundTripMs('fast');
    proxy.delay(100);
    expect(await roundTripMs('slow')).toBeGreaterThanOrEqual(195);
    proxy.delay(hourMs);
    proxy.delay(0);
    await roundTripMs('fast again');
  } finally {
    client.destroy();
    proxy.stop();
    echo.close();
  }
});
