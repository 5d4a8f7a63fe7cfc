import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { refusalCodes } from '@runos/agent-protocol';
import { loadConfig, serviceConfig, toEnvironment } from '@runos/config';
import { NatsConnector } from '@runos/messaging';
import { createLogger } from '@runos/observability';
import { type PlaneNats, planeNats } from '@runos/testing-nats';
import { waitUntil } from '@runos/testing-process';
import { SessionRequests } from './session-requests.js';

const logger = createLogger({ service: 'spec', level: 'silent' });
const handled: string[] = [];
const close = JSON.stringify({ request: { action: 'close', code: refusalCodes[0], details: '' } });

let nats: PlaneNats;
let connector: NatsConnector;
beforeAll(async () => {
  nats = await planeNats();
  const config = loadConfig(serviceConfig({}), toEnvironment(nats.settingsOf('agent-gateway')));
  connector = new NatsConnector({ service: 'agent-gateway', config, logger });
  await new SessionRequests(connector, logger).subscribe(5, ({ action }) => {
    handled.push(action);
    return Promise.resolve(undefined);
  });
});
beforeEach(() => void handled.splice(0));
afterAll(async () => {
  await connector.stop();
  await nats.stop();
});

it.each([
  ['a request without a reply subject', undefined, ['close']],
  ['a request of another replica', '_INBOX.agent-gateway.x', ['close']],
  ['no stored event, which JetStream delivers with its own reply subject', '$JS.ACK.EVENTS_RECONCILER.x', []],
  ['no request with the inbox of another service', '_INBOX.gateway.x', []],
])('a session handles %s', async (_, reply, expected) => {
  const connection = await connector.connection();
  connection.publish('agent-gateway.session.5', close, { reply });
  await connection.flush();
  await waitUntil(() => handled.length >= expected.length, { because: () => `handled is only ${handled.join()}` });
  await sleep(50); // what must not be handled would be
  expect(handled).toEqual(expected);
});
