import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { event, type StoredMessage, storedMessage } from '@runos/contracts';
import { createLogger } from '@runos/observability';
import { waitUntil } from '@runos/testing-process';
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
    const because = () => `${this.received.length} of ${count} events were published`;
    return waitUntil(() => this.received.length >= count, { everyMs: 5, because });
  }

  hasTried(count: number): Promise<void> {
    const because = () => `${this.attempts} of ${count} attempts were made`;
    return waitUntil(() => this.attempts >= count, { everyMs: 5, because });
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

const publishers: OutboxPublisher[] = [];
const stopPublishers = () => Promise.all(publishers.splice(0).map((publisher) => publisher.stop()));
afterEach(stopPublishers);

/** Publishes while it works, at the latest until the end of the test. */
async function publishing(
  replicas: readonly [string, Database][],
  work: () => Promise<void>,
  logger = spec.logger,
): Promise<void> {
  for (const [applicationName, database] of replicas) {
    const listener = spec.listener(applicationName);
    publishers.push(new OutboxPublisher({ database, listener, schema: 'spec', applicationName, sink, logger }));
  }
  publishers.forEach((publisher) => publisher.start());
  await work();
  await stopPublishers();
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
      await sink.hasTried(1);
      await add(one, 2);
      await sink.hasTried(2);
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
