import { expect, it } from '@jest/globals';
import { loadConfig, toEnvironment } from '@runos/config';
import { gatewayConfig } from './config.js';

const nats = { natsUrl: 'nats://127.0.0.1:4222', natsUser: 'gateway', natsPassword: 'x'.repeat(32) };
const load = (headersTimeoutMs: number, requestTimeoutMs: number) =>
  loadConfig(gatewayConfig, toEnvironment({ ...nats, headersTimeoutMs, requestTimeoutMs }));

it('the headers of a request have no more time than the request', () => {
  expect(load(1_000, 1_000)).toMatchObject({ headersTimeoutMs: 1_000, requestTimeoutMs: 1_000 });
  expect(() => load(1_001, 1_000)).toThrow('RUNOS_HEADERS_TIMEOUT_MS="1001": must be at most RUNOS_REQUEST_TIMEOUT_MS');
});
