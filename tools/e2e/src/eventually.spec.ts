import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { ApiClient } from './api-client.js';
import { eventually } from './eventually.js';

describe('a wait', () => {
  it('that ends too late names the last error', async () => {
    const read = () => Promise.reject(new Error('it is red'));
    await expect(eventually('a green light', read, 0)).rejects.toThrow(
      'a green light did not occur within 0 ms: it is red',
    );
  });

  it('for fields of a resource returns the first response that has all of them', async () => {
    const responses = [
      { status: 'running', reason: 'Applying' },
      { status: 'failed', reason: 'Overridden' },
      { status: 'running', reason: 'Overridden', replicas: { ready: 0 } },
      { status: 'running', reason: 'Overridden', replicas: { ready: 1 } },
      { status: 'completed' },
    ];
    const server = createServer((_, response) => response.end(JSON.stringify(responses.shift()))).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const api = new ApiClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, undefined);
    const fields = { status: 'running', reason: 'Overridden', replicas: { ready: 1 } };
    expect(await api.jobOnce('1', fields)).toEqual(fields);
    server.close();
  });
});
