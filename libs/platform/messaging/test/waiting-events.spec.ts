import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { waitUntil } from '@runos/testing-process';
import { Subscribe } from '../src/service/handlers.js';
import { type MessagingHarness, startHarness } from './harness.js';
import { recorded } from './test-contracts.js';

/** Together longer than JetStream waits for an acknowledgement, and each much shorter. */
const events = Array.from({ length: 12 }, (_, n) => n + 1);
const handlingMs = 3_000;

const received: number[] = [];
/** Ends the handlers that still run when the test fails. */
const end = new AbortController();

@Controller()
class SlowSubscriber {
  @Subscribe(recorded)
  async recorded({ n }: { n: number }) {
    await sleep(handlingMs, undefined, end);
    received.push(n);
  }
}

let harness: MessagingHarness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(async () => {
  end.abort();
  await harness.stop();
});

/** Resolves when all events of the test up to this one are handled. */
const handled = (last: number) =>
  waitUntil(() => received.includes(last), {
    everyMs: 100,
    because: () => `event ${last} is not handled, only ${received.join()}`,
  });

it('events that wait behind others are delivered once', async () => {
  const { bus } = await harness.start('gateway');
  await harness.start('catalog', SlowSubscriber);
  for (const n of events) await bus.publish(recorded, { n });
  await handled(events.length);
  // A redelivered event is in the queue of the consumer already.
  await bus.publish(recorded, { n: 0 });
  await handled(0);
  expect(received).toEqual([...events, 0]);
});
