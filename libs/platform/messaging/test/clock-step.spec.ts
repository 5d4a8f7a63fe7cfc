import { afterAll, afterEach, beforeAll, it, jest } from '@jest/globals';
import { type MessagingHarness, startHarness } from './harness.js';

let harness: MessagingHarness;
beforeAll(async () => {
  harness = await startHarness();
});
afterEach(() => void jest.restoreAllMocks());
afterAll(() => harness.stop());

it.each([-600_000, 600_000])('a service whose clock was stepped by %i ms reconnects within seconds', async (stepMs) => {
  const connector = harness.connector('gateway');
  await connector.connection();
  const wallClock = Date.now.bind(Date);
  jest.spyOn(Date, 'now').mockImplementation(() => wallClock() + stepMs);
  const reconnected = new Promise<void>((resolve) => connector.onConnect(resolve));
  const lost = new Promise<void>((resolve) => connector.onLoss(resolve));
  await harness.nats.restart();
  await lost;
  await reconnected;
  await connector.ready(1);
});
