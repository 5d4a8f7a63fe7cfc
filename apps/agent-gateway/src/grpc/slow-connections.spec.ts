import { connect as connectHttp2 } from 'node:http2';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { registerService } from '@runos/agent-protocol';
import { hourMs } from '@runos/kernel';
import { waitUntil } from '@runos/testing-process';
import { proxyBalancer, version2 } from '../../test/proxy-balancer.js';
import { refusalOf, registerAt, TestAgent } from '../../test/test-agent.js';
import { Harness } from '../../test/harness.js';

/** Times that no test lasts. */
const longTimeouts = { connectionIdleTimeoutMs: hourMs, registerConnectionTimeoutMs: hourMs };

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(() => harness.stop());

/** A session that opens no stream and answers every PING. */
function http2Session(port: number, ca: string) {
  const session = connectHttp2(`https://localhost:${port}`, { ca });
  session.on('error', () => undefined);
  return session;
}

const untilClosed = (source: NodeJS.EventEmitter) => once(source, 'close', { signal: AbortSignal.timeout(60_000) });

async function opened(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined).resume();
  await once(socket, 'connect');
  return socket;
}

describe('a connection to the register port', () => {
  it('is closed if it makes no call', async () => {
    const { registerPort, registerCa, service } = await harness.replica({
      ...longTimeouts,
      connectionIdleTimeoutMs: 1_000,
    });
    const session = http2Session(registerPort, registerCa);
    await untilClosed(session);
    await service.stop();
  });

  it('is closed after its greatest age, also if a call arrives byte by byte', async () => {
    const { registerPort, registerCa, service } = await harness.replica({
      ...longTimeouts,
      registerConnectionTimeoutMs: 1_000,
    });
    const session = http2Session(registerPort, registerCa);
    const call = session.request({
      ':method': 'POST',
      ':path': registerService.Register.path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    call.on('error', () => undefined);
    const timer = setInterval(() => call.writable && call.write(Buffer.alloc(1)), 50);
    await untilClosed(session);
    clearInterval(timer);
    await service.stop();
  });
});

describe('a connection whose TLS handshake has not ended', () => {
  it('is closed when the replica stops', async () => {
    const { registerPort, streamPort, service } = await harness.replica();
    const sockets = await Promise.all([registerPort, streamPort].map(opened));
    const closed = sockets.map((socket) => untilClosed(socket));
    await service.stop();
    await Promise.all(closed);
  });
});

describe('a client with too many connections', () => {
  it('is refused until it closes one, and others are served', async () => {
    const replica = await harness.replica({ registerConnectionsPerClient: 3, proxyProtocolFrom: '127.0.0.2' });
    const all = await Promise.all(Array.from({ length: 3 }, () => opened(replica.registerPort)));
    const refused = await opened(replica.registerPort);
    await untilClosed(refused);
    expect(harness.logLines).toContainEqual(
      expect.objectContaining({
        msg: 'a client has too many connections',
        from: '127.0.0.1',
        port: 'register',
        max: 3,
      }),
    );
    all[0]?.destroy();
    const { token } = await harness.token();
    const isServed = async () =>
      (await refusalOf(registerAt(replica.registerPort, replica.registerCa, { token }))) === 'accepted';
    await waitUntil(isServed, { everyMs: 50, because: () => 'no connection is accepted' });
    all.forEach((socket) => socket.destroy());
    await replica.service.stop();
  });

  it('is counted behind a balancer by the address that the header names', async () => {
    const replica = await harness.replica({ registerConnectionsPerClient: 1, proxyProtocolFrom: '127.0.0.1' });
    let client = '203.0.113.1';
    const balancer = await proxyBalancer(replica.registerPort, () => version2(client));
    const both = [await opened(balancer.port), await opened(balancer.port)];
    await Promise.race(both.map(untilClosed)); // whose header arrives later
    client = '203.0.113.2';
    const { token } = await harness.token();
    await registerAt(balancer.port, replica.registerCa, { token });
    both.forEach((socket) => socket.destroy());
    balancer.stop();
    await replica.service.stop();
  });
});

describe('an agent', () => {
  it('keeps its stream for longer than any idle or greatest age', async () => {
    const timeoutMs = 2_000;
    const short = { connectionIdleTimeoutMs: timeoutMs, registerConnectionTimeoutMs: timeoutMs };
    const [registrar, replica] = [
      await harness.replica(longTimeouts),
      await harness.replica({ ...short, staleAfterMs: hourMs }),
    ];
    const { token } = await harness.token();
    const agent = new TestAgent(
      replica.streamPort,
      await registerAt(registrar.registerPort, registrar.registerCa, { token }),
    );
    await agent.heartbeat();
    await sleep(2 * timeoutMs);
    await agent.heartbeat();
    agent.stop();
    await Promise.all([registrar, replica].map(({ service }) => service.stop()));
  });
});
