import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  consumersOf,
  contracts,
  isPlainSubscription,
  isStored,
  type NatsUserName,
  type ServiceName,
  serviceNames,
  streamOf,
  streamsUser,
} from '@runos/contracts';
import { planeUsers } from './server-config.js';
import { type RunningNats, startNats } from './start-nats.js';

/** Subjects that no service may use, in spellings of an attacker. */
const foreign = [
  '$JS.API.INFO',
  '$JS.API.STREAM.LIST',
  '$JS.API.STREAM.NAMES',
  '$JS.API.STREAM.CREATE.OWN',
  '$JS.API.DIRECT.GET.EVENTS_RECONCILER',
  '$JS.API.META.LEADER.STEPDOWN',
  '$JS.API.SERVER.REMOVE',
  '$JS.API.ACCOUNT.PURGE.STREAMS',
  '$JS.ACK.EVENTS_RECONCILER.other.1',
  '$JS.FC.EVENTS_RECONCILER.other.1',
  '_R_.x',
  '$JS.API.CONSUMER.LIST.EVENTS_RECONCILER',
  '$SYS.REQ.SERVER.PING',
  '$SYS.>',
  '>',
  '*',
  '*.v1.>',
  '_INBOX.>',
  '_INBOX.*.>',
];

/** Expected permissions, derived from the contracts alone. */
const mayPublish = (user: ServiceName, subject: string): boolean =>
  contracts.some(
    (each) => each.subject === subject && (each.kind === 'event' ? each.owner === user : each.callers.includes(user)),
  );
const maySubscribe = (user: ServiceName, subject: string): boolean =>
  contracts.some(
    (each) =>
      each.subject === subject &&
      (each.kind === 'request' ? each.owner === user : each.subscribers.includes(user) && isPlainSubscription(each)),
  );
/** Whether the user responds to a request of the caller, or the two are replicas of one service with sessions. */
const mayReply = (user: ServiceName, caller: ServiceName): boolean =>
  (user === 'agent-gateway' && caller === user) ||
  contracts.some((each) => each.kind === 'request' && each.owner === user && each.callers.includes(caller));

/** Every verb of the JetStream API that concerns a stream, or one of its consumers. */
const streamVerbs =
  'CREATE UPDATE INFO DELETE PURGE MSG.GET MSG.DELETE SNAPSHOT RESTORE PEER.REMOVE LEADER.STEPDOWN CANCEL_MOVE';
const consumerVerbs = 'CREATE DURABLE.CREATE INFO DELETE PAUSE RESET UNPIN LEADER.STEPDOWN MSG.NEXT';
const stored = contracts.filter((each) => each.kind === 'event').filter(isStored);
const consumers = stored.flatMap(consumersOf);
/** The JetStream API subjects for all streams and consumers, existing or not. */
const jetStreamApi = [
  ...serviceNames.flatMap((name) => streamVerbs.split(' ').map((verb) => `$JS.API.STREAM.${verb}.${streamOf(name)}`)),
  ...serviceNames.map((name) => `$JS.API.CONSUMER.CREATE.${streamOf(name)}`),
  ...[...consumers, { stream: streamOf('reconciler'), consumer: 'other', event: stored[0] }].flatMap(
    ({ stream, consumer, event }) =>
      consumerVerbs
        .split(' ')
        .map((verb) => `$JS.API.CONSUMER.${verb}.${stream}.${consumer}`)
        .concat(`$JS.API.CONSUMER.CREATE.${stream}.${consumer}.${event?.subject}`),
  ),
];
/** Services read their own; only the user of the streams creates and changes. */
const mayRequest = (user: NatsUserName): string[] => {
  const own = consumers.filter(({ subscriber }) => subscriber === user);
  const streams = [...new Set(stored.map(({ owner }) => owner))];
  if (user === streamsUser) {
    return [
      ...streams.flatMap((owner) =>
        ['CREATE', 'UPDATE', 'INFO'].map((verb) => `$JS.API.STREAM.${verb}.${streamOf(owner)}`),
      ),
      ...consumers.flatMap(({ stream, consumer, event }) => [
        `$JS.API.CONSUMER.INFO.${stream}.${consumer}`,
        `$JS.API.CONSUMER.CREATE.${stream}.${consumer}.${event.subject}`,
      ]),
    ];
  }
  return [
    ...streams.filter((owner) => owner === user).map((owner) => `$JS.API.STREAM.INFO.${streamOf(owner)}`),
    ...own.flatMap(({ stream, consumer }) =>
      ['INFO', 'MSG.NEXT'].map((verb) => `$JS.API.CONSUMER.${verb}.${stream}.${consumer}`),
    ),
  ];
};

describe('permissions of each service', () => {
  let dataDir: string;
  let nats: RunningNats;
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'runos-nats-'));
    nats = await startNats({ dataDir, users: planeUsers((user) => `${user}-pw`) });
  });
  afterAll(async () => {
    await nats.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** The permission violations that the server reports for these protocol lines, as `Publish x` and `Subscription x`. */
  async function refusals(user: NatsUserName, lines: readonly string[]): Promise<Set<string>> {
    const socket = createConnection(nats.port, '127.0.0.1');
    const login = JSON.stringify({ user, pass: `${user}-pw`, verbose: false, pedantic: false });
    // The server replies in order, so every violation arrives before the second PONG.
    socket.write([`CONNECT ${login}`, 'PING', ...lines, 'PING', ''].join('\r\n'));
    let output = '';
    for await (const part of socket) {
      output += String(part);
      if (output.split('PONG').length > 2) break;
    }
    expect(output.split('PONG').length).toBeGreaterThan(2);
    const reported = output.matchAll(/Permissions Violation for (Publish|Subscription) to "([^"]+)"/g);
    return new Set([...reported].map(([, verb, subject]) => `${verb} ${subject}`));
  }

  it.each(serviceNames)('%s publishes and subscribes exactly to the subjects of its contracts', async (user) => {
    const subjects = [...new Set(contracts.map(({ subject }) => subject))];
    const inboxes = serviceNames.map((service) => `_INBOX.${service}.x`);
    const sent = [
      ...subjects,
      ...inboxes,
      ...foreign.filter((subject) => !/[*>]/.test(subject)),
      'agent-gateway.session.1',
    ];
    const received = [...subjects, ...inboxes, ...foreign, 'agent-gateway.session.1'];
    const refused = await refusals(user, [
      ...received.map((subject, index) => `SUB ${subject} ${index + 1}`),
      ...sent.map((subject) => `PUB ${subject} 0\r\n`),
    ]);
    const allowed = {
      sent: sent.filter((subject) => !refused.has(`Publish ${subject}`)),
      received: received.filter((subject) => !refused.has(`Subscription ${subject}`)),
    };
    const session = user === 'agent-gateway' ? ['agent-gateway.session.1'] : [];
    expect(allowed).toEqual({
      sent: [
        ...subjects.filter((subject) => mayPublish(user, subject)),
        ...serviceNames.filter((caller) => mayReply(user, caller)).map((caller) => `_INBOX.${caller}.x`),
        ...session,
      ],
      received: [...subjects.filter((subject) => maySubscribe(user, subject)), `_INBOX.${user}.x`, ...session],
    });
  });

  it.each<NatsUserName>([...serviceNames, streamsUser])('%s has only its part of the JetStream API', async (user) => {
    const refused = await refusals(
      user,
      jetStreamApi.map((subject) => `PUB ${subject} 0\r\n`),
    );
    const allowed = jetStreamApi.filter((subject) => !refused.has(`Publish ${subject}`));
    expect(allowed.sort()).toEqual(mayRequest(user).sort());
  });
});
