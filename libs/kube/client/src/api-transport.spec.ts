import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { ApiTransport } from './api-transport.js';
import { KubeError } from './kube-error.js';

describe('an API server that dies with more requests on their way than there are connections', () => {
  const connections = 4;
  let server: Server | undefined;
  let transport: ApiTransport | undefined;
  afterEach(async () => {
    await transport?.close();
    server?.closeAllConnections();
    server?.close();
  });

  async function listen(port: number, answer: boolean): Promise<number> {
    server = createServer((_, response) => void (answer && response.end('{}')));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  it('fails every one of them, and leaves none waiting for the time-out', async () => {
    const port = await listen(0, false);
    transport = new ApiTransport({ server: `http://127.0.0.1:${port}` }, { connections, timeoutMs: 3_600_000 });
    const request = (n: number) => (transport as ApiTransport).send({ method: 'GET', path: `/${n}` });
    const fates = Array.from({ length: connections * 5 }, (_, n) => request(n).catch((error: unknown) => error));
    await once(server as Server, 'request');
    server?.closeAllConnections();
    server?.close();
    for (const fate of await Promise.all(fates)) expect(fate).toBeInstanceOf(KubeError);

    await listen(port, true);
    await expect(request(0)).resolves.toEqual({});
  });
});
