import { Controller } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { consumerOf, inboxOf, type ServiceName, streamOf } from '@runos/contracts';
import { waitUntil } from '@runos/testing-process';
import { Respond, Subscribe } from '../src/service/handlers.js';
import { eventMessage } from '../src/requests/bus.js';
import { header } from '../src/connection/wire.js';
import { doIt, happened, recorded, unanswered } from './test-contracts.js';
import { type MessagingHarness, startHarness } from './harness.js';

// Peers whose credentials were stolen: they send what a Bus does not.

const handled: string[] = [];

@Controller()
class Victim {
  @Respond(doIt)
  doIt({ how }: { how: string }) {
    if (how !== last) handled.push(how);
    return { done: 1 };
  }

  @Subscribe(happened)
  happened({ n }: { n: number }) {
    handled.push(`event ${n}`);
  }
}

let harness: MessagingHarness;
beforeAll(async () => {
  harness = await startHarness();
  await harness.start('catalog', Victim);
});
beforeEach(() => void handled.splice(0));
afterAll(() => harness.stop());

/** The content of a request that follows all others. */
const last = 'last';

/** Runs with a plain connection of a service, then waits until every message has been handled. */
async function as(service: ServiceName, work: (connection: NatsConnection) => Promise<void> | void): Promise<void> {
  const { natsUrl: servers, natsUser: user, natsPassword: pass } = harness.config(service);
  const connection = await connect({ servers, user, pass, inboxPrefix: inboxOf(service) });
  await work(connection);
  await connection.flush();
  await harness.bus('gateway').request(doIt, { how: last });
  await connection.close();
}

const refusals = () => harness.logLines.filter(({ msg }) => String(msg).startsWith('refused ')).length;
const refused = (count: number) =>
  waitUntil(() => refusals() >= count, { because: () => `${refusals()} messages are refused` });

describe('a request handler', () => {
  it.each([
    ['of the JetStream API', `$JS.API.STREAM.DELETE.${streamOf('gateway')}`],
    ['of another contract', happened.subject],
    ['in the inbox of a service that may not send the request', `${inboxOf('jobs')}.1`],
    ['in the inbox of a longer name', `${inboxOf('gateway')}-2.1`],
    ['that is missing', undefined],
  ])('refuses a reply subject %s', async (_, reply) => {
    const before = refusals();
    await as('gateway', async (connection) => {
      connection.publish(doIt.subject, '{"how":"x"}', { reply });
      await refused(before + 1);
    });
    expect(handled).toEqual([]);
    expect(refusals()).toBe(before + 1);
  });
});

describe('a stored event', () => {
  const fetchNext = `$JS.API.CONSUMER.MSG.NEXT.${streamOf('gateway')}.${consumerOf('catalog', recorded)}`;
  /** Valid as a request, as an event and as a fault. */
  const store = () => {
    const message = eventMessage(recorded, { n: 1 });
    const body = { how: 'stored', n: 1, code: 'service.not_found', message: 'stored', done: 7 };
    return harness.bus('gateway').publishStored([{ ...message, body, headers: { [header.fault]: 'x' } }]);
  };

  it.each([doIt.subject, happened.subject])('is not handled when it is delivered to %s', async (subject) => {
    await store();
    const before = refusals();
    await as('catalog', async (connection) => {
      connection.publish(fetchNext, '', { reply: subject });
      await refused(before + 1);
    });
    expect(handled).toEqual([]);
    expect(refusals()).toBe(before + 1);
  });

  it('is not a reply when it is delivered to the inbox of a request', async () => {
    await store();
    const reply = harness.bus('gateway').request(unanswered, { how: 'x' });
    const outcome = expect(reply).rejects.toMatchObject({ code: 'unavailable' });
    await as('catalog', async (connection) => {
      const subscription = connection.subscribe(unanswered.subject, {
        callback: (_, message) => connection.publish(fetchNext, '', { reply: message.reply }),
      });
      await outcome;
      expect(subscription.getProcessed()).toBeGreaterThan(0);
    });
  });
});

describe('reply subjects', () => {
  it('are random, so that a responder cannot predict those of other requests', async () => {
    const replies: string[] = [];
    await as('catalog', async (connection) => {
      connection.subscribe(unanswered.subject, {
        callback: (_: Error | null, message: Msg) => {
          replies.push(message.reply ?? '');
          message.respond('{"done":1}');
        },
      });
      await connection.flush();
      const bus = harness.bus('gateway');
      for (let n = 0; n < 3; n += 1) await bus.request(unanswered, { how: 'x' }, { deadlineMs: 10_000 });
    });
    const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}';
    const form = new RegExp(`^${inboxOf('gateway')}\\.${uuid}\\.${uuid}$`);
    expect(replies).toEqual([1, 2, 3].map(() => expect.stringMatching(form)));
    expect(new Set(replies).size).toBe(3);
  });
});

// Last, because it uses the budget up.
describe('the log', () => {
  it('has a budget for refused requests', async () => {
    const before = refusals();
    const reply = '$JS.API.STREAM.DELETE.x';
    await as('gateway', async (connection) => {
      for (let sent = 0; sent < 2_000; sent += 1) connection.publish(doIt.subject, '{}', { reply });
      await connection.flush();
    });
    expect(refusals() - before).toBeGreaterThan(0);
    expect(refusals() - before).toBeLessThanOrEqual(600);
  });
});
