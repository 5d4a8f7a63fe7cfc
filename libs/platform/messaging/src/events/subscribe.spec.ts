import { Controller } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ReceivedEvent, Subscribe, SubscribeBatch } from '../service/handlers.js';
import { eventMessage } from '../requests/bus.js';
import type { CallContext } from '../requests/call-context.js';
import { counted, happened, recorded } from '../../test/test-contracts.js';
import { type MessagingHarness, startHarness } from '../../test/harness.js';
import type { RunningService } from '../service/start-service.js';

type N = { n: number };

/** Records received events; `has` waits for a number of them. */
class Recorder {
  readonly received: string[] = [];
  #expected: { count: number; resolve: () => void } | undefined;

  record(entry: string): void {
    this.received.push(entry);
    if (this.#expected && this.received.length >= this.#expected.count) this.#expected.resolve();
  }

  has(count: number): Promise<void> {
    if (this.received.length >= count) return Promise.resolve();
    return new Promise((resolve) => {
      this.#expected = { count, resolve };
    });
  }
}

let direct: Recorder;
let stored: Recorder;
let batches: Recorder;
let failOnce: Set<number>;

@Controller()
class Subscriber {
  @Subscribe(happened)
  happened({ n }: N, { tenant, actor }: CallContext) {
    direct.record(`${n} ${tenant} ${actor.name}`);
  }

  @Subscribe(recorded)
  async recorded({ n }: N, { tenant }: CallContext) {
    await Promise.resolve();
    if (failOnce.delete(n)) throw new Error('failing once');
    stored.record(`${n} ${tenant}`);
  }

  @SubscribeBatch(counted, 50)
  counted(all: readonly ReceivedEvent<N>[]) {
    if (all.some(({ body }) => failOnce.has(body.n))) {
      if (all.length === 1) all.forEach(({ body }) => failOnce.delete(body.n));
      throw new Error('failing once');
    }
    for (const { body } of all) batches.record(`${body.n}`);
  }
}

let harness: MessagingHarness;
let gateway: RunningService;
beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.start('gateway');
});
afterAll(() => harness.stop());
const reset = () => {
  [direct, stored, batches] = [new Recorder(), new Recorder(), new Recorder()];
  failOnce = new Set();
};

describe('events', () => {
  it('reach every replica of a subscriber with at-most-once delivery', async () => {
    reset();
    const replicas = await Promise.all([harness.start('catalog', Subscriber), harness.start('catalog', Subscriber)]);
    await gateway.bus.publish(happened, { n: 1 }, { tenant: 'abcde' });
    await direct.has(2);
    expect(direct.received).toEqual(['1 abcde gateway', '1 abcde gateway']);
    await Promise.all(replicas.map(({ stop }) => stop()));
  });

  it('wait for a later consumer and reach one replica with at-least-once delivery', async () => {
    reset();
    for (const n of [1, 2, 3]) await gateway.bus.publish(recorded, { n }, { tenant: 'abcde' });
    const replicas = await Promise.all([harness.start('catalog', Subscriber), harness.start('catalog', Subscriber)]);
    await stored.has(3);
    await gateway.bus.publish(recorded, { n: 4 });
    await stored.has(4);
    expect(stored.received.sort()).toEqual(['1 abcde', '2 abcde', '3 abcde', '4 undefined']);
    await Promise.all(replicas.map(({ stop }) => stop()));
  });

  it('are deduplicated by id', async () => {
    reset();
    const { stop } = await harness.start('catalog', Subscriber);
    const message = eventMessage(recorded, { n: 1 });
    await gateway.bus.publishStored([message, message]);
    await gateway.bus.publishStored([message]);
    await gateway.bus.publish(recorded, { n: 2 });
    await stored.has(2);
    expect(stored.received).toEqual(['1 undefined', '2 undefined']);
    await stop();
  });

  it('are redelivered after a failed handler without blocking other events', async () => {
    reset();
    const { stop } = await harness.start('catalog', Subscriber);
    failOnce.add(1);
    for (const n of [1, 2]) await gateway.bus.publish(recorded, { n });
    await stored.has(2);
    expect(stored.received).toEqual(['2 undefined', '1 undefined']);
    await stop();
  });

  it('reach a batch handler in order and in batches; a failing event is processed alone', async () => {
    reset();
    const numbers = Array.from({ length: 120 }, (_, n) => n);
    await gateway.bus.publishStored(numbers.map((n) => eventMessage(counted, { n })));
    failOnce.add(7);
    const { stop } = await harness.start('catalog', Subscriber);
    await batches.has(120);
    expect(batches.received.map(Number)).toEqual([...numbers.filter((n) => n !== 7), 7]);
    await stop();
  });

  it('are published by their owner only', async () => {
    await expect(harness.bus('catalog').publish(happened, { n: 1 })).rejects.toThrow('may not publish');
  });
});
