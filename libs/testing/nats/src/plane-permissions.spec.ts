import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contracts, permissionsOf, type ServiceName, serviceNames } from '@runos/contracts';
import { type RunningNats, startNats } from './start-nats.js';

/** Subjects that no service may use, in spellings of an attacker. */
const foreign = [
  '$JS.API.INFO',
  '$JS.API.STREAM.LIST',
  '$JS.API.STREAM.NAMES',
  '$JS.API.STREAM.CREATE.OWN',
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
      (each.kind === 'request'
        ? each.owner === user
        : each.subscribers.includes(user) && (each.delivery === 'at-most-once' || each.receivers === 'every-replica')),
  );

describe('permissions of each service', () => {
  let dataDir: string;
  let nats: RunningNats;
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'runos-nats-'));
    const users = serviceNames.map((user) => ({ user, password: `${user}-pw`, ...permissionsOf(user, contracts) }));
    nats = await startNats({ dataDir, users });
  });
  afterAll(async () => {
    await nats.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** The permission violations that the server reports for these protocol lines, as `Publish x` and `Subscription x`. */
  async function refusals(user: ServiceName, lines: readonly string[]): Promise<Set<string>> {
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
    const otherServices = serviceNames.filter((name) => name !== user);
    const otherStreams = otherServices.map((name) => `EVENTS_${name.replaceAll('-', '_').toUpperCase()}`);
    const api = otherStreams.flatMap((stream) =>
      ['CREATE', 'UPDATE', 'DELETE', 'PURGE', 'MSG.GET'].map((verb) => `$JS.API.STREAM.${verb}.${stream}`),
    );
    const sent = [
      ...subjects,
      ...inboxes,
      ...api,
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
      sent: [...subjects.filter((subject) => mayPublish(user, subject)), ...session],
      received: [...subjects.filter((subject) => maySubscribe(user, subject)), `_INBOX.${user}.x`, ...session],
    });
  });
});
