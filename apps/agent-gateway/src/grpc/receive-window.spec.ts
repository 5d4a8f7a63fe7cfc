import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from '@jest/globals';
import { streamService } from '@runos/agent-protocol';
import { waitUntil } from '@runos/testing-process';
import { RegisteredAgents } from '../../test/registered-agents.js';
import { receiveWindowBytes } from './receive-window.js';

const agents = RegisteredAgents.use();
const sessions: ClientHttp2Session[] = [];
afterEach(() => sessions.splice(0).forEach((session) => session.destroy()));

/** A connection that has opened the stream of a cluster agent. */
async function opened(port: number, tls: { ca: string; cert?: string; key?: string }): Promise<ClientHttp2Session> {
  const session = connect(`https://localhost:${port}`, tls);
  sessions.push(session.on('error', () => undefined));
  await once(session, 'remoteSettings');
  const { path } = streamService.ClusterAgentStream;
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  session.request(headers).on('error', () => undefined);
  return session;
}

it('widens the window of a cluster agent, for its connection and its stream', async () => {
  const { caCert: ca, publicKey: cert, privateKey: key } = agents.cluster;
  const session = await opened(agents.replica.streamPort, { ca, cert, key });
  const [settings] = (await once(session, 'remoteSettings')) as [{ initialWindowSize: number }];
  expect(settings.initialWindowSize).toBe(receiveWindowBytes);
  await waitUntil(() => session.state.remoteWindowSize === receiveWindowBytes, {
    because: () => `the window of the connection has ${session.state.remoteWindowSize} bytes`,
  });
});

it('keeps the default for a client without a certificate', async () => {
  const session = await opened(agents.replica.registerPort, { ca: agents.replica.registerCa });
  await sleep(300);
  expect(session.remoteSettings.initialWindowSize).toBe(65_535);
  expect(session.state.remoteWindowSize).toBe(65_535);
});
