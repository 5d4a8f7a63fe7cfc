import { setTimeout as sleep } from 'node:timers/promises';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { waitUntil } from '@runos/testing-process';
import { aid, job, jobId, logLine, token, workItem } from '../../test/sample-replies.js';
import { type GatewayHarness, startHarness } from '../../test/harness.js';
import { settledCount } from '../../test/settled-count.js';

/** Limits that no test reaches. */
const longTimeouts = {
  headersTimeoutMs: 600_000,
  requestTimeoutMs: 3_600_000,
  keepAliveTimeoutMs: 3_600_000,
  unreadTimeoutMs: 3_600_000,
  connectionsPerClient: 8,
};

let harness: GatewayHarness;
/** Starts a gateway. Only a limit in `limits` can close a connection in the time of a test. */
function useLimits(limits: Partial<typeof longTimeouts>): void {
  beforeAll(async () => {
    harness = await startHarness({ ...longTimeouts, ...limits });
  });
  beforeEach(() => harness.reset());
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
  afterAll(() => harness.stop());
}

const sockets: Socket[] = [];

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

/** Writes this again and again until the server has closed all connections. */
function untilClosed(socket?: Socket, text = ''): Promise<void> {
  const areClosed = async () => {
    if ((await openConnections()) === 0) return true;
    if (text !== '' && socket?.writable === true) socket.write(text);
    return false;
  };
  return waitUntil(areClosed, { everyMs: 50, because: () => 'a connection is open' });
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

describe('a client that sends its headers too slowly, or not at all', () => {
  useLimits({ headersTimeoutMs: 500 });

  it('is answered and disconnected', async () => {
    const [slow, silent] = await Promise.all([opened(), opened()]);
    slow.write('GET /openapi.json HTTP/1.1\r\nHost: x\r\n');
    const responses = [received(slow), received(silent)];
    await untilClosed(slow, 'X-A: b\r\n');
    for (const { text } of responses) expect(text).toMatch(/^HTTP\/1.1 408 /);
  });
});

describe('a client that sends its body too slowly', () => {
  // Node swaps the two if the headers may take longer than the request.
  useLimits({ headersTimeoutMs: 1_000, requestTimeoutMs: 1_000 });

  it('is answered and disconnected', async () => {
    const socket = await opened();
    socket.write(post(`/${aid}/clusters`, 100_000));
    const response = received(socket);
    await untilClosed(socket, ' ');
    expect(response.text).toMatch(/^HTTP\/1.1 408 /);
  });
});

describe('a client that is idle for long after a response', () => {
  useLimits({ keepAliveTimeoutMs: 1_000 });

  it('is disconnected', async () => {
    const socket = await opened();
    socket.write(get('/livez'));
    const response = received(socket);
    await untilClosed();
    expect(response.text).toMatch(/^HTTP\/1.1 200 /);
  });
});

describe('a client', () => {
  const unreadTimeoutMs = 1_500;
  useLimits({ unreadTimeoutMs });

  it('is disconnected if it does not read its responses', async () => {
    const socket = await opened();
    for (let n = 0; n < 200; n += 1) socket.write(get('/openapi.json'));
    await untilClosed();
  });

  it('is disconnected if it does not read its event stream, and little is read ahead for it', async () => {
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
    await untilClosed();
    // The buffers of both kernels take a few megabytes.
    expect((await settledCount(() => pages)) * 20 * 4_000).toBeLessThan(20_000_000);
  });

  it('stays connected while it reads its event stream', async () => {
    const socket = await opened();
    const stream = received(socket);
    socket.write(get(`/jobs/${jobId}/stream`));
    await sleep(unreadTimeoutMs + 1_000);
    expect(await openConnections()).toBe(1);
    expect(stream.text).toContain('event: job');
  });
});

describe('a client with too many connections', () => {
  useLimits({});

  it('is refused with the limit, until it closes one', async () => {
    const all = await Promise.all(Array.from({ length: longTimeouts.connectionsPerClient }, opened));
    const refused = await opened();
    const refusal = received(refused);
    await once(refused, 'end');
    expect(refusal.text).toMatch(/^HTTP\/1.1 429 /);
    expect(refusal.text).toContain('"limit":"connectionsPerClient"');
    all[0]?.destroy();
    const isServed = async () => {
      const next = await opened();
      next.write(get('/livez'));
      return String(await once(next, 'data')).startsWith('HTTP/1.1 200 ');
    };
    await waitUntil(isServed, { because: () => 'no connection is accepted' });
  });
});
