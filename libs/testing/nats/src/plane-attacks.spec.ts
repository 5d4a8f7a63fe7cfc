import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AckPolicy, jetstream, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { catalog, consumerOf, identity, inboxOf, reconciler, type ServiceName, streamOf } from '@runos/contracts';
import { type PlaneNats, planeNats } from './temporary-nats.js';

// What a thief can do with the NATS credentials of a service. The connections here send what no honest service does.

const event = reconciler.jobProgressed.subject;
const stream = streamOf('reconciler');
const consumer = consumerOf('jobs', reconciler.jobProgressed);
const secret = JSON.stringify({ email: 'owner@example.org', password: 'not for the reconciler' });
const config = { name: stream, subjects: [event] };
const capturing = {
  ...config,
  subjects: [event, identity.logIn.subject],
  republish: { src: identity.logIn.subject, dest: `${inboxOf('reconciler')}.captured` },
};
const api = (verb: string, ...names: readonly string[]): string => ['$JS.API', verb, ...names].join('.');
const fetchNext = api('CONSUMER.MSG.NEXT', stream, consumer);
const deleteStream = api('STREAM.DELETE', stream);

let nats: PlaneNats;
let administrator: NatsConnection;
let manager: JetStreamManager;
const connections: NatsConnection[] = [];

beforeAll(async () => {
  nats = await planeNats();
  administrator = await connect({
    servers: nats.url,
    user: nats.administrator.user,
    pass: nats.administrator.password,
  });
  manager = await jetstreamManager(administrator);
});
beforeEach(async () => {
  await manager.streams.add(config);
  await manager.consumers.add(stream, {
    durable_name: consumer,
    filter_subject: event,
    ack_policy: AckPolicy.Explicit,
  });
});
afterEach(async () => {
  await Promise.all(connections.splice(0).map((connection) => connection.close()));
  await manager.streams.delete(stream).catch(() => undefined);
});
afterAll(async () => {
  await administrator.close();
  await nats.stop();
});

async function as(service: ServiceName): Promise<NatsConnection> {
  const { natsUrl: servers, natsUser: user, natsPassword: pass } = nats.settingsOf(service);
  const connection = await connect({ servers, user, pass, inboxPrefix: inboxOf(service), reconnect: false });
  connections.push(connection);
  return connection;
}

/** The bodies that a service receives on a subject from now on. */
async function received(service: ServiceName, subject: string, respond = false): Promise<readonly string[]> {
  const connection = await as(service);
  const messages: string[] = [];
  const callback = (_: Error | null, message: Msg) => {
    messages.push(message.string());
    if (respond) message.respond('');
  };
  connection.subscribe(subject, { callback });
  await connection.flush();
  return messages;
}

/** Resolves when the server has processed all that was sent, also what it sent to itself. */
async function settled(): Promise<void> {
  for (const connection of connections) await connection.flush();
  await new Promise((resolve) => setTimeout(resolve, 100));
}

const streamConfig = async () => (await manager.streams.info(stream)).config;

/** Stores an event as the reconciler does. */
async function store(body: string): Promise<void> {
  await jetstream(await as('reconciler'), { checkAPI: false }).publish(event, body);
}

describe('stolen credentials of a service', () => {
  it('do not capture requests to other services in the stream of the service', async () => {
    const captured = await received('reconciler', `${inboxOf('reconciler')}.captured`);
    const thief = await as('reconciler');
    for (const verb of ['STREAM.CREATE', 'STREAM.UPDATE']) {
      thief.publish(api(verb, stream), JSON.stringify(capturing), { reply: `${inboxOf('reconciler')}.ok` });
    }
    await settled();
    (await as('gateway')).publish(identity.logIn.subject, secret);
    await settled();
    expect(captured).toEqual([]);
    expect((await streamConfig()).subjects).toEqual([event]);
  });

  it('do not make the server deliver events as requests', async () => {
    const requests = await received('identity', identity.authenticate.subject);
    const thief = await as('jobs');
    const push = { durable_name: consumer, filter_subject: event, deliver_subject: identity.authenticate.subject };
    const create = { stream_name: stream, config: { ...push, ack_policy: 'explicit', ack_wait: 30_000_000_000 } };
    await manager.consumers.delete(stream, consumer);
    thief.publish(api('CONSUMER.CREATE', stream, consumer, event), JSON.stringify(create));
    thief.publish(api('CONSUMER.DURABLE.CREATE', stream, consumer), JSON.stringify(create));
    await settled();
    await store(secret);
    await settled();
    expect(requests).toEqual([]);
  });

  it('do not make an honest service delete a stream by its reply', async () => {
    const requests = await received('catalog', catalog.listVersions.subject, true);
    (await as('gateway')).publish(catalog.listVersions.subject, '{}', { reply: deleteStream });
    await settled();
    expect(requests).toHaveLength(1);
    expect((await streamConfig()).name).toBe(stream);
  });

  it('do not make the server delete a stream by its reply to an acknowledgement', async () => {
    await store('{}');
    const thief = await as('jobs');
    const message = await thief.request(fetchNext, '', { noMux: true, timeout: 2_000 });
    thief.publish(message.reply ?? '', '+ACK', { reply: deleteStream });
    await settled();
    expect((await streamConfig()).name).toBe(stream);
  });

  it('do not make the server delete a stream by the status of an empty fetch', async () => {
    const thief = await as('jobs');
    thief.publish(fetchNext, JSON.stringify({ batch: 1, no_wait: true }), { reply: deleteStream });
    await settled();
    expect((await streamConfig()).name).toBe(stream);
  });

  it('do not change a stream by a stored event that is fetched to the JetStream API', async () => {
    await store(JSON.stringify(capturing));
    (await as('jobs')).publish(fetchNext, '', { reply: api('STREAM.UPDATE', stream) });
    await settled();
    expect((await streamConfig()).subjects).toEqual([event]);
  });

  it('do not delete events by the reply to a publication or a query', async () => {
    await store('{}');
    const thief = await as('reconciler');
    const purge = api('STREAM.PURGE', stream);
    thief.publish(api('STREAM.INFO', stream), '', { reply: purge });
    thief.publish(event, '{}', { reply: purge });
    await settled();
    expect((await manager.streams.info(stream)).state.messages).toBe(2);
  });

  it('do not use what a thief added to a stream before services lost the permission', async () => {
    const requests = await received('identity', identity.authenticate.subject);
    const captured = await received('reconciler', `${inboxOf('reconciler')}.captured`);
    await manager.streams.delete(stream);
    await manager.streams.add(capturing);
    const push = {
      durable_name: 'left',
      deliver_subject: identity.authenticate.subject,
      ack_policy: AckPolicy.Explicit,
    };
    await manager.consumers.add(stream, push);
    await store(secret);
    (await as('gateway')).publish(identity.logIn.subject, secret);
    await settled();
    expect([requests, captured]).toEqual([[], []]);
    expect((await manager.streams.info(stream)).state.messages).toBe(1);
  });
});
