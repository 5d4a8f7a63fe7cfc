import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { event, type StoredMessage, storedMessage } from '@runos/contracts';
import { createLogger } from '@runos/observability';
import { z } from 'zod';
import type { Database } from '../transactions/database.js';
import { addToOutbox } from './outbox.js';
import { type EventSink, OutboxPublisher } from './outbox-publisher.js';
import { type PersistenceHarness, startHarness } from '../../test/harness.js';

const noted = event({
  subject: 'jobs.v1.noted',
  owner: 'jobs',
  subscribers: [],
  body: z.object({ n: z.number() }),
  delivery: 'at-least-once',
  receivers: 'one-replica',
});

/** Records messages, drops duplicates like a stream, and can be unavailable. */
class Sink implements EventSink {
  readonly received: number[] = [];
  readonly #ids = new Set<string>();
  readonly #listeners = new Set<() => void>();
  #expected: { count: number; resolve: () => void } | undefined;
  available = true;
  attempts = 0;
  maxConcurrent = 0;
  #running = 0;

  async publishStored(messages: readonly StoredMessage[]): Promise<void> {
    this.attempts += 1;
    if (!this.available) throw new Error('unavailable');
    this.#running += 1;
    this.maxConcurrent = Math.max(this.maxConcurrent, this.#running);
    await Promise.resolve();
    for (const { id, body } of messages) {
      if (!this.#ids.has(id)) this.received.push((body as { n: number }).n);
      this.#ids.add(id);
    }
    this.#running -= 1;
    if (this.#expected && this.received.length >= this.#expected.count) this.#expected.resolve();
  }

  onConnect(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  recover(): void {
    this.available = true;
    for (const listener of this.#listeners) listener();
  }

  has(count: number): Promise<void> {
    if (this.received.length >= count) return Promise.resolve();
    return new Promise((resolve) => (this.#expected = { count, resolve }));
  }
}

let spec: PersistenceHarness;
let one: Database;
let two: Database;
let sink: Sink;
beforeAll(async () => {
  spec = await startHarness();
  one = await spec.open('spec:one');
  two = await spec.open('spec:two');
});
afterAll(() => spec.stop());
beforeEach(() => {
  sink = new Sink();
});

async function publishing(
  replicas: readonly [string, Database][],
  work: () => Promise<void>,
  logger = spec.logger,
): Promise<void> {
  const publishers = replicas.map(([applicationName, database]) => {
    const listener = spec.listener(applicationName);
    return new OutboxPublisher({ database, listener, schema: 'spec', applicationName, sink, logger });
  });
  publishers.forEach((publisher) => publisher.start());
  await work();
  await Promise.all(publishers.map((publisher) => publisher.stop()));
}

const add = (database: Database, ...numbers: number[]) =>
  database.transaction((manager) => addToOutbox(manager, ...numbers.map((n) => storedMessage(noted, { n }))));

describe('OutboxPublisher', () => {
  it('publishes committed events in order, and no events of a rolled back transaction', async () => {
    await publishing([['spec:one', one]], async () => {
      await add(one, 1, 2, 3);
      await expect(
        one.transaction(async (manager) => {
          await addToOutbox(manager, storedMessage(noted, { n: 99 }));
          throw new Error('no');
        }),
      ).rejects.toThrow('no');
      await add(one, 4);
      await sink.has(4);
    });
    expect(sink.received).toEqual([1, 2, 3, 4]);
    expect(await one.query('SELECT 1 FROM outbox')).toEqual([]);
  });

  it('is woken by a commit of another replica', async () => {
    await publishing([['spec:one', one]], async () => {
      await add(one, 1);
      await sink.has(1);
      await spec.asOwner(
        `INSERT INTO spec.outbox (id, subject, body, headers) VALUES (gen_random_uuid(), 's', '{"n":2}', '{}')`,
      );
      await sink.has(2);
    });
  });

  it('keeps events while the sink is unavailable and publishes them afterwards', async () => {
    sink.available = false;
    await publishing([['spec:one', one]], async () => {
      const numbers = Array.from({ length: 450 }, (_, n) => n);
      await add(one, ...numbers);
      expect(sink.received).toEqual([]);
      sink.recover();
      await sink.has(450);
      expect(sink.received).toEqual(numbers);
    });
  });

  it('logs the first failure, and how often it was repeated', async () => {
    sink.available = false;
    const lines: { level: string; msg: string; failures?: number }[] = [];
    const write = (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]);
    const logger = createLogger({ service: 'spec', level: 'info', destination: { write } });
    const work = async () => {
      await add(one, 1);
      while (sink.attempts < 1) await sleep(5);
      await add(one, 2);
      while (sink.attempts < 2) await sleep(5);
      sink.recover();
      await sink.has(2);
    };
    await publishing([['spec:one', one]], work, logger);
    expect(lines).toEqual([
      expect.objectContaining({ level: 'warn', msg: 'events cannot be published and stay in the outbox', failures: 1 }),
      expect.objectContaining({ level: 'info', msg: 'events are published again', failures: sink.attempts - 1 }),
    ]);
  });

  it('lets one replica publish at a time', async () => {
    const both: [string, Database][] = [
      ['spec:one', one],
      ['spec:two', two],
    ];
    await publishing(both, async () => {
      const writes = Array.from({ length: 40 }, (_, n) => add(n % 2 ? one : two, n));
      await Promise.all(writes);
      await sink.has(40);
    });
    expect(sink.maxConcurrent).toBe(1);
    expect(sink.received).toHaveLength(40);
  });
});
