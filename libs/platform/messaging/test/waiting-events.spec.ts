import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Subscribe } from '../src/service/handlers.js';
import { type MessagingHarness, startHarness } from './harness.js';
import { recorded } from './test-contracts.js';

/** Together longer than JetStream waits for an acknowledgement, and each much shorter. */
const events = Array.from({ length: 12 }, (_, n) => n + 1);
const handlingMs = 3_000;

const received: number[] = [];

@Controller()
class SlowSubscriber {
  @Subscribe(recorded)
  async recorded({ n }: { n: number }) {
    await sleep(handlingMs);
    received.push(n);
  }
}

let harness: MessagingHarness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());

it('events that wait behind others are delivered once', async () => {
  const { bus } = await harness.start('gateway');
  await harness.start('catalog', SlowSubscriber);
  for (const n of events) await bus.publish(recorded, { n });
  while (received.length < events.length) await sleep(100);
  // A redelivered event is in the queue of the consumer already.
  await bus.publish(recorded, { n: 0 });
  while (!received.includes(0)) await sleep(100);
  expect(received).toEqual([...events, 0]);
}, 60_000);
