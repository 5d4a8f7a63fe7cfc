import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openApi } from '@runos/api';
import { manifestSchema } from '@runos/manifest';
import { aid } from '../../test/sample-replies.js';
import { type GatewayHarness, startHarness } from '../../test/harness.js';

let harness: GatewayHarness;
beforeAll(async () => {
  harness = await startHarness();
});
beforeEach(() => harness.reset());
afterAll(() => harness.stop());

/** Sends bytes as they are and reads until the other end closes. */
function raw(text: string): Promise<{ head: string; body: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const socket = connect(harness.gateway.httpPort, '127.0.0.1', () => socket.write(text));
    let received = '';
    socket.on('data', (data) => (received += data.toString()));
    socket.on('error', reject);
    socket.on('end', () => {
      const [head = '', body = ''] = received.split('\r\n\r\n');
      resolve({ head, body: JSON.parse(body) as Record<string, unknown> });
    });
  });
}

describe('requests without a route', () => {
  it.each([
    '/',
    '/nothing/at/all',
    '/AUTH/login',
    `/${aid}`,
    '/%FF',
    `/${aid}/api-keys/%00`,
    `/${aid}/%C3%28/services`,
  ])('%s is not found', async (path) => {
    const { status, body } = await harness.send('GET', path);
    expect([status, typeof body['code'], typeof body['error'], typeof body['traceId']]).toEqual([
      404,
      'string',
      'string',
      'string',
    ]);
    expect(harness.received.filter(({ subject }) => subject !== 'identity.v1.authenticate')).toEqual([]);
  });

  it('list the allowed methods for a wrong method', async () => {
    const { status, body, headers } = await harness.send('PUT', `/${aid}/clusters`);
    expect([status, body['code'], headers.get('allow')]).toEqual([404, 'route.not_found', 'GET, HEAD, POST, OPTIONS']);
    expect(body['error']).toContain('PUT is not supported');
  });

  it('answer OPTIONS with the methods and allow no other origin', async () => {
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    const response = await harness.send('OPTIONS', `/${aid}/ky3/services/valkey/abcde`, { headers });
    expect([response.status, response.headers.get('allow')]).toEqual([204, 'GET, HEAD, PATCH, DELETE, OPTIONS']);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    expect((await harness.send('OPTIONS', '/nothing')).status).toBe(404);
  });

  it('are answered in the error form even when they are not HTTP', async () => {
    const nonsense = await raw('what is this\r\n\r\n');
    expect([nonsense.head.split('\r\n')[0], nonsense.body['code']]).toEqual([
      'HTTP/1.1 400 Bad Request',
      'request.invalid',
    ]);
    const long = await raw(`GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(long.body['code']).toBe('request.too_large');
  });
});

describe('every response', () => {
  it('answers HEAD like GET, without a body', async () => {
    const { status, body, headers } = await harness.send('HEAD', `/${aid}/clusters`);
    expect([status, body, headers.get('content-type')]).toEqual([200, {}, 'application/json; charset=utf-8']);
  });

  it("carries the request id, the client's own if it is valid", async () => {
    const sent = async (id: string) =>
      (await harness.send('GET', '/livez', { headers: { 'x-request-id': id } })).headers.get('x-request-id');
    expect(await sent('build-17:3')).toBe('build-17:3');
    expect(await sent('not usable!')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('has headers that forbid sniffing, framing and caching', async () => {
    const { headers } = await harness.send('GET', `/${aid}/clusters`);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('discloses nothing of an internal error but its trace id', async () => {
    harness.reply('reconciler.v1.cluster-list', () => ({ clusters: 'none of your business' }));
    const { status, body } = await harness.send('GET', `/${aid}/clusters`);
    expect([status, body['code']]).toEqual([500, 'internal']);
    expect(Object.keys(body).sort()).toEqual(['code', 'error', 'traceId']);
    expect(JSON.stringify(body)).not.toContain('business');
  });
});

describe('routes without a token', () => {
  const none = { headers: { authorization: 'none' } };

  it('are health', async () => {
    expect((await harness.send('GET', '/livez', none)).status).toBe(200);
    expect((await harness.send('GET', '/readyz', none)).body).toEqual({ ok: true, missing: [] });
  });

  it('are the schema of files', async () => {
    const { status, body } = await harness.send('GET', '/schemas/runos.yaml.json', none);
    expect([status, body]).toEqual([200, JSON.parse(JSON.stringify(manifestSchema()))]);
  });

  it('are the OpenAPI document', async () => {
    const { status, body } = await harness.send('GET', '/openapi.json', none);
    expect([status, body]).toEqual([200, JSON.parse(JSON.stringify(openApi()))]);
  });
});
