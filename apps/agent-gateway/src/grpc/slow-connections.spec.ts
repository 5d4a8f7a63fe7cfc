import { connect as connectHttp2 } from 'node:http2';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { registerService } from '@runos/agent-protocol';
import { proxyBalancer, version2 } from '../../test/proxy-balancer.js';
import { registerAt, TestAgent } from '../../test/test-agent.js';
import { Harness } from '../../test/harness.js';

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

/** The time until the event, ms; at most `timeoutMs`. */
async function timeOf(source: NodeJS.EventEmitter, event: string, timeoutMs = 15_000): Promise<number> {
  const started = performance.now();
  await once(source, event, { signal: AbortSignal.timeout(timeoutMs) });
  return performance.now() - started;
}

async function opened(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined).resume();
  await once(socket, 'connect');
  return socket;
}

describe('a connection to the register port', () => {
  it('is closed if it makes no call', async () => {
    const { registerPort, registerCa, service } = await harness.replica({ connectionIdleTimeoutMs: 1_000 });
    const session = http2Session(registerPort, registerCa);
    expect(await timeOf(session, 'close')).toBeLessThan(5_000);
    await service.stop();
  });

  it('is closed after its greatest age, also if a call arrives byte by byte', async () => {
    const { registerPort, registerCa, service } = await harness.replica({ registerConnectionTimeoutMs: 1_000 });
    const session = http2Session(registerPort, registerCa);
    const call = session.request({
      ':method': 'POST',
      ':path': registerService.Register.path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    call.on('error', () => undefined);
    const timer = setInterval(() => call.writable && call.write(Buffer.alloc(1)), 50);
    expect(await timeOf(session, 'close')).toBeLessThan(9_000);
    clearInterval(timer);
    await service.stop();
  });
});

describe('a connection whose TLS handshake has not ended', () => {
  it('is closed when the replica stops', async () => {
    const { registerPort, streamPort, service } = await harness.replica();
    const sockets = await Promise.all([registerPort, streamPort].map(opened));
    const closed = sockets.map((socket) => timeOf(socket, 'close'));
    await service.stop();
    await Promise.all(closed);
  });
});

describe('a client with too many connections', () => {
  it('is refused until it closes one, and others are served', async () => {
    const replica = await harness.replica({ registerConnectionsPerClient: 3, proxyProtocolFrom: '127.0.0.2' });
    const all = await Promise.all(Array.from({ length: 3 }, () => opened(replica.registerPort)));
    const refused = await opened(replica.registerPort);
    await timeOf(refused, 'close', 5_000);
    expect(harness.logLines).toContainEqual(
      expect.objectContaining({
        msg: 'a client has too many connections',
        from: '127.0.0.1',
        port: 'register',
        max: 3,
      }),
    );
    all[0]?.destroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { token } = await harness.token();
    await registerAt(replica.registerPort, replica.registerCa, { token });
    all.forEach((socket) => socket.destroy());
    await replica.service.stop();
  });

  it('is counted behind a balancer by the address that the header names', async () => {
    const replica = await harness.replica({ registerConnectionsPerClient: 1, proxyProtocolFrom: '127.0.0.1' });
    let client = '203.0.113.1';
    const balancer = await proxyBalancer(replica.registerPort, () => version2(client));
    const first = await opened(balancer.port);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await timeOf(await opened(balancer.port), 'close', 5_000);
    client = '203.0.113.2';
    const { token } = await harness.token();
    await registerAt(balancer.port, replica.registerCa, { token });
    first.destroy();
    balancer.stop();
    await replica.service.stop();
  });
});

describe('an agent', () => {
  it('keeps its stream for longer than any idle or greatest age', async () => {
    const short = { connectionIdleTimeoutMs: 500, registerConnectionTimeoutMs: 500 };
    const replica = await harness.replica({ ...short, staleAfterMs: 60_000 });
    const { token } = await harness.token();
    const agent = new TestAgent(
      replica.streamPort,
      await registerAt(replica.registerPort, replica.registerCa, { token }),
    );
    await agent.heartbeat();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await agent.heartbeat();
    agent.stop();
    await replica.service.stop();
  });
});
