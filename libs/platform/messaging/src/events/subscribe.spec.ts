import { Controller } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ReceivedEvent, Subscribe, SubscribeBatch } from '../service/handlers.js';
import { eventMessage } from '../requests/bus.js';
import type { CallContext } from '../requests/call-context.js';
import { counted, happened, recorded } from '../../test/test-contracts.js';
import { type MessagingHarness, specPlane } from '../../test/harness.js';
import type { RunningService } from '../service/start-service.js';

type N = { n: number };

/** What was received, awaitable. */
class Ears {
  readonly received: string[] = [];
  #expected: { count: number; resolve: () => void } | undefined;

  note(what: string): void {
    this.received.push(what);
    if (this.#expected && this.received.length >= this.#expected.count) this.#expected.resolve();
  }

  has(count: number): Promise<void> {
    if (this.received.length >= count) return Promise.resolve();
    return new Promise((resolve) => {
      this.#expected = { count, resolve };
    });
  }
}

let live: Ears;
let stored: Ears;
let batches: Ears;
let failOnce: Set<number>;

@Controller()
class Listener {
  @Subscribe(happened)
  happened({ n }: N, { tenant, actor }: CallContext) {
    live.note(`${n} ${tenant} ${actor.name}`);
  }

  @Subscribe(recorded)
  async recorded({ n }: N, { tenant }: CallContext) {
    await Promise.resolve();
    if (failOnce.delete(n)) throw new Error('not now');
    stored.note(`${n} ${tenant}`);
  }

  @SubscribeBatch(counted, 50)
  counted(all: readonly ReceivedEvent<N>[]) {
    if (all.some(({ body }) => failOnce.has(body.n))) {
      if (all.length === 1) all.forEach(({ body }) => failOnce.delete(body.n));
      throw new Error('not now');
    }
    for (const { body } of all) batches.note(`${body.n}`);
  }
}

let plane: MessagingHarness;
let gateway: RunningService;
beforeAll(async () => {
  plane = await specPlane();
  gateway = await plane.start('gateway');
});
afterAll(() => plane.stop());
const fresh = () => {
  [live, stored, batches] = [new Ears(), new Ears(), new Ears()];
  failOnce = new Set();
};

describe('events', () => {
  it('reach every replica that listens, when they are fleeting', async () => {
    fresh();
    const replicas = await Promise.all([plane.start('catalog', Listener), plane.start('catalog', Listener)]);
    await gateway.bus.publish(happened, { n: 1 }, { tenant: 'abcde' });
    await live.has(2);
    expect(live.received).toEqual(['1 abcde gateway', '1 abcde gateway']);
    await Promise.all(replicas.map(({ stop }) => stop()));
  });

  it('wait for a listener that is not there yet, when they are stored, and reach one replica', async () => {
    fresh();
    for (const n of [1, 2, 3]) await gateway.bus.publish(recorded, { n }, { tenant: 'abcde' });
    const replicas = await Promise.all([plane.start('catalog', Listener), plane.start('catalog', Listener)]);
    await stored.has(3);
    await gateway.bus.publish(recorded, { n: 4 });
    await stored.has(4);
    expect(stored.received.sort()).toEqual(['1 abcde', '2 abcde', '3 abcde', '4 undefined']);
    await Promise.all(replicas.map(({ stop }) => stop()));
  });

  it('are received once however often they are published', async () => {
    fresh();
    const { stop } = await plane.start('catalog', Listener);
    const message = eventMessage(recorded, { n: 1 });
    await gateway.bus.publishStored([message, message]);
    await gateway.bus.publishStored([message]);
    await gateway.bus.publish(recorded, { n: 2 });
    await stored.has(2);
    expect(stored.received).toEqual(['1 undefined', '2 undefined']);
    await stop();
  });

  it('come again after a failed handler, and hold up no other', async () => {
    fresh();
    const { stop } = await plane.start('catalog', Listener);
    failOnce.add(1);
    for (const n of [1, 2]) await gateway.bus.publish(recorded, { n });
    await stored.has(2);
    expect(stored.received).toEqual(['2 undefined', '1 undefined']);
    await stop();
  });

  it('come in order and many at once to a batch handler; one bad event is separated', async () => {
    fresh();
    const numbers = Array.from({ length: 120 }, (_, n) => n);
    await gateway.bus.publishStored(numbers.map((n) => eventMessage(counted, { n })));
    failOnce.add(7);
    const { stop } = await plane.start('catalog', Listener);
    await batches.has(120);
    expect(batches.received.map(Number)).toEqual([...numbers.filter((n) => n !== 7), 7]);
    await stop();
  });

  it('are not published by a service that does not own them', async () => {
    await expect(plane.bus('catalog').publish(happened, { n: 1 })).rejects.toThrow('may not publish');
  });
});
