import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { answer, FakeGateway, type Reply } from '../../test/fake-gateway.js';
import { CliError } from '../failure/cli-error.js';
import { ApiClient, type ApiRequest } from './api-client.js';

let gateway: FakeGateway;
let notes: string[];
beforeAll(async () => {
  gateway = await FakeGateway.start();
});
afterAll(() => gateway.stop());
beforeEach(() => {
  gateway.reset();
  notes = [];
});

const clientOf = (apiUrl = gateway.url, retryTimeoutMs = 5_000) =>
  new ApiClient({ settings: { apiUrl, apiKey: 'key1' }, note: (line) => notes.push(line), retryTimeoutMs });
const get: ApiRequest = { method: 'GET', path: '/x' };
async function failureOf(reply: Reply, request = get, client = clientOf()): Promise<CliError> {
  gateway.reply(`${request.method} ${request.path}`, reply);
  const error: unknown = await client.send(request).catch((thrown: unknown) => thrown);
  if (error instanceof CliError) return error;
  throw new Error('the request succeeded');
}
const status =
  (code: number, body: object, headers: Record<string, string> = {}): Reply =>
  (_request, response) =>
    answer(response, code, body, headers);

describe('the client', () => {
  it('sends key and body, and a key with which a write is done once', async () => {
    gateway.reply('POST /x', { ok: true });
    expect((await clientOf().send({ method: 'POST', path: '/x', body: { a: 1 } })).body).toEqual({ ok: true });
    const [{ headers, body } = {}] = gateway.received;
    expect(headers).toMatchObject({ authorization: 'Bearer key1', 'content-type': 'application/json' });
    expect([body, headers?.['idempotency-key']]).toEqual([{ a: 1 }, expect.stringMatching(/^[\w-]{36}$/)]);
  });

  it('sends no body and no content type where nothing is given', async () => {
    gateway.reply('POST /x', (_request, response) => response.writeHead(204).end());
    expect((await clientOf().send({ method: 'POST', path: '/x' })).body).toBeUndefined();
    expect(gateway.received[0]?.headers['content-type']).toBeUndefined();
  });

  it.each([
    [403, { error: 'This needs the role admin.', code: 'auth.forbidden', traceId: 't1' }, undefined],
    [404, { error: 'No such service.', code: 'service.not_found', traceId: 't1' }, undefined],
    [412, { error: 'It was changed by grace.', code: 'conflict.stale', traceId: 't1' }, /read it again/],
    [409, { error: 'It is needed.', code: 'service.in_use', traceId: 't1', osids: ['app-a'] }, /app-a/],
    [500, { error: 'It failed.', code: 'internal', traceId: 't1' }, /trace id/],
  ])('reports the error of a %i answer', async (code, body, remedy) => {
    const { message, details } = await failureOf(status(code, body));
    expect([message, details.statusCode, details.code, details.traceId]).toEqual([body.error, code, body.code, 't1']);
    if (remedy !== undefined) expect(details.remedy).toMatch(remedy);
  });

  it('names the input that was refused', async () => {
    const body = {
      error: 'replicas: must be a number.',
      code: 'request.invalid',
      issues: [{ path: 'replicas', message: 'x' }],
    };
    expect((await failureOf(status(400, body))).details).toMatchObject({ field: 'replicas', code: 'request.invalid' });
  });

  it.each([429, 503])('waits as a %i answer requires, reports it, and repeats the same write', async (code) => {
    let count = 0;
    gateway.reply('POST /x', (_request, response) =>
      ++count === 1
        ? answer(response, code, { error: 'Busy.' }, { 'retry-after': '1' })
        : answer(response, 200, { count }),
    );
    expect((await clientOf().send({ method: 'POST', path: '/x' })).body).toEqual({ count: 2 });
    expect(notes).toEqual(['Busy. Trying again in 1 s …']);
    const keys = gateway.received.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(1);
  });

  it('gives up when the server requires more time than there is', async () => {
    const { message, details } = await failureOf(status(503, { error: 'Starting.' }, { 'retry-after': '30' }));
    expect([message, details.remedy, gateway.received.length]).toEqual(['Starting.', 'try again in 30 s', 1]);
  });

  it('names an address where nothing or something else answers', async () => {
    expect((await failureOf({}, get, clientOf('http://127.0.0.1:65534'))).message).toBe(
      'Cannot reach http://127.0.0.1:65534: nothing listens there.',
    );
    expect((await failureOf({}, get, clientOf('http://no-such-host.invalid'))).message).toMatch(/host name/);
    const html: Reply = (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
    expect((await failureOf(html)).message).toContain('answered 200 with text/html, which is not the RunOS API');
    expect((await failureOf({}, get, clientOf('nonsense'))).message).toBe('"nonsense" is no address of an API.');
  });

  it('refuses half an answer', async () => {
    const half: Reply = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"a":', () => response.destroy());
    };
    expect((await failureOf(half)).details.code).toBe('network.incomplete');
    const cutOff: Reply = (_request, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"a":');
    expect((await failureOf(cutOff)).details.code).toBe('network.incomplete');
  });

  it('ends at the deadline of a request', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const { message } = await failureOf({}, { ...get, deadlineMs: 300 }, clientOf(url));
    expect(message).toBe(`${url} did not answer within 0.3 s.`);
    silent.close();
  });

  it('refuses a key that no header can carry', async () => {
    const client = new ApiClient({ settings: { apiUrl: gateway.url, apiKey: 'a\nb' }, note: () => undefined });
    expect((await failureOf({}, get, client)).message).toContain('has spaces or characters');
  });
});
