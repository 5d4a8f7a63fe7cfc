import { setTimeout as sleep } from 'node:timers/promises';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { aid, job, jobId, logLine, token, workItem } from '../../test/sample-replies.js';
import { type GatewayHarness, startHarness } from '../../test/harness.js';

const limits = {
  headersTimeoutMs: 500,
  requestTimeoutMs: 1_000,
  keepAliveTimeoutMs: 1_000,
  unreadTimeoutMs: 1_500,
  connectionsPerClient: 8,
};
/** The server checks its connections at intervals, and lingers for a second after an error. */
const maxDelayMs = 3_500;

let harness: GatewayHarness;
beforeAll(async () => {
  harness = await startHarness(limits);
});
beforeEach(() => harness.reset());
afterAll(() => harness.stop());

const sockets: Socket[] = [];
afterEach(async () => {
  await Promise.all(
    sockets.splice(0).map(async (socket) => {
      const closed = socket.closed ? undefined : once(socket, 'close');
      socket.destroy();
      await closed;
    }),
  );
  await untilClosed();
});

/** A client that never closes its side by itself. */
async function opened(): Promise<Socket> {
  const socket = connect({ port: harness.gateway.httpPort, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

const openConnections = (): Promise<number> =>
  promisify((done: (error: Error | null, count: number) => void) =>
    ((harness.gateway.app as INestApplication).getHttpServer() as Server).getConnections(done),
  )();

/** Writes this again and again until the server has closed all connections. Returns the time, ms. */
async function untilClosed(socket?: Socket, text = ''): Promise<number> {
  const started = performance.now();
  while ((await openConnections()) > 0 && performance.now() - started < 10_000) {
    if (text !== '' && socket?.writable === true) socket.write(text);
    await sleep(50);
  }
  return performance.now() - started;
}

/** Collects what a client receives. */
function received(socket: Socket): { text: string } {
  const all = { text: '' };
  socket.on('data', (data) => (all.text += data.toString()));
  return all;
}

const post = (path: string, length: number) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${length}\r\n\r\n`;
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`;

describe('a connection is closed', () => {
  it('if the headers arrive too slowly, or not at all', async () => {
    const [slow, silent] = await Promise.all([opened(), opened()]);
    slow.write('GET /openapi.json HTTP/1.1\r\nHost: x\r\n');
    const responses = [received(slow), received(silent)];
    expect(await untilClosed(slow, 'X-A: b\r\n')).toBeLessThan(limits.headersTimeoutMs + maxDelayMs);
    for (const { text } of responses) expect(text).toMatch(/^HTTP\/1.1 408 /);
  });

  it('if the body arrives too slowly', async () => {
    const socket = await opened();
    socket.write(post(`/${aid}/clusters`, 100_000));
    const response = received(socket);
    expect(await untilClosed(socket, ' ')).toBeLessThan(limits.requestTimeoutMs + maxDelayMs);
    expect(response.text).toMatch(/^HTTP\/1.1 408 /);
  });

  it('if it is idle for long after a response', async () => {
    const socket = await opened();
    socket.write(get('/livez'));
    const response = received(socket);
    const ms = await untilClosed();
    expect(response.text).toMatch(/^HTTP\/1.1 200 /);
    expect(ms).toBeLessThan(limits.keepAliveTimeoutMs + maxDelayMs);
  });

  it('if its responses are not read', async () => {
    const socket = await opened();
    for (let n = 0; n < 200; n += 1) socket.write(get('/openapi.json'));
    expect(await untilClosed()).toBeLessThan(limits.unreadTimeoutMs + maxDelayMs);
  });

  it('if its event stream is not read, and little is read ahead for it', async () => {
    harness.reply('jobs.v1.show', () => ({ ...job, status: 'running' }));
    harness.reply('jobs.v1.workitems', () => ({ jobId, workItems: [workItem(1, 'running')], hasMore: false }));
    let pages = 0;
    harness.reply('jobs.v1.logs', () => {
      pages += 1;
      const logs = Array.from({ length: 20 }, (_, n) => ({
        ...logLine(1, 100 * pages + n),
        message: 'x'.repeat(4_000),
      }));
      return { workItemId: workItem(1, 'running').id, logs, nextCursor: logs.at(-1)?.id ?? null };
    });
    const socket = await opened();
    socket.write(get(`/jobs/${jobId}/stream`));
    expect(await untilClosed()).toBeLessThan(limits.unreadTimeoutMs + maxDelayMs);
    const read = pages;
    await sleep(500);
    expect(pages).toBe(read);
    // The buffers of both kernels take a few megabytes.
    expect(read * 20 * 4_000).toBeLessThan(20_000_000);
  });

  it('not if its event stream is read', async () => {
    const socket = await opened();
    const stream = received(socket);
    socket.write(get(`/jobs/${jobId}/stream`));
    await sleep(limits.unreadTimeoutMs + 1_000);
    expect(await openConnections()).toBe(1);
    expect(stream.text).toContain('event: job');
  });
});

describe('a client with too many connections', () => {
  it('is refused with the limit, until it closes one', async () => {
    const all = await Promise.all(Array.from({ length: limits.connectionsPerClient }, opened));
    const refused = await opened();
    const refusal = received(refused);
    await once(refused, 'end');
    expect(refusal.text).toMatch(/^HTTP\/1.1 429 /);
    expect(refusal.text).toContain('"limit":"connectionsPerClient"');
    all[0]?.destroy();
    await sleep(50);
    const next = await opened();
    next.write(get('/livez'));
    expect(String(await once(next, 'data'))).toMatch(/^HTTP\/1.1 200 /);
  });
});
