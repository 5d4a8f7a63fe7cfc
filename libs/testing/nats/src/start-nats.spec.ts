import { mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type NatsUser } from './accounts.js';
import { streamsAdministrator } from './server-config.js';
import { type RunningNats, startNats } from './start-nats.js';

describe('startNats', () => {
  let dataDir: string;
  let nats: RunningNats | undefined;
  const connections: NatsConnection[] = [];
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'runos-nats-'));
  });
  afterEach(async () => {
    await Promise.all(connections.splice(0).map((connection) => connection.close()));
    await nats?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const as = async (user: string, pass: string): Promise<NatsConnection> => {
    const connection = await connect({ servers: nats?.url, user, pass, reconnect: false, timeout: 2_000 });
    connections.push(connection);
    return connection;
  };
  const violation = (connection: NatsConnection): Promise<string> =>
    (async () => {
      for await (const status of connection.status()) if (status.type === 'error') return status.error.message;
      return 'closed';
    })();

  it('allows every user its permissions and denies everything else', async () => {
    const user = (name: string, password: string, allowed: Partial<NatsUser>): NatsUser => ({
      account: 'PLANE',
      user: name,
      password,
      publish: [],
      subscribe: [],
      jetStream: [],
      ...allowed,
    });
    const requester = user('requester', 'p1', { publish: ['request.>'], subscribe: ['_INBOX.requester.>'] });
    const denied = user('denied', 'p2', {});
    const responder = user('responder', 'p3', { publish: ['_INBOX.requester.>'], subscribe: ['request.>'] });
    nats = await startNats({ dataDir, users: [requester, denied, responder] });
    const subscription = (await as('responder', 'p3')).subscribe('request.time', {
      callback: (_, message) => void message.respond('now'),
    });
    const options = {
      servers: nats.url,
      user: 'requester',
      pass: 'p1',
      inboxPrefix: '_INBOX.requester',
      reconnect: false,
    };
    const requesting = await connect(options);
    connections.push(requesting);
    expect((await requesting.request('request.time', '', { timeout: 2_000 })).string()).toBe('now');
    const refused = violation(requesting);
    requesting.publish('other.thing', '');
    expect(await refused).toMatch(/Permissions Violation for Publish to "other.thing"/);
    const connection = await as('denied', 'p2');
    const publication = violation(connection);
    connection.publish('anything', '');
    expect(await publication).toMatch(/Permissions Violation/);
    subscription.unsubscribe();
  });

  it('rejects wrong passwords and anonymous connections', async () => {
    nats = await startNats({ dataDir, users: [streamsAdministrator('one', 'right')] });
    await expect(as('one', 'wrong')).rejects.toThrow(/Authorization Violation/);
    await expect(connect({ servers: nats.url, reconnect: false })).rejects.toThrow(/Authorization Violation/);
  });

  it('adds users without a restart and keeps its port', async () => {
    nats = await startNats({ dataDir, users: [streamsAdministrator('one', 'p')] });
    const { port, pid } = nats;
    nats.setUsers([streamsAdministrator('one', 'p'), streamsAdministrator('two', 'p')]);
    let second: NatsConnection | undefined;
    for (let left = 100; !second && left > 0; left -= 1) second = await as('two', 'p').catch(() => undefined);
    expect([second?.info?.port, nats.pid]).toEqual([port, pid]);
  });

  it('keeps its streams across a restart, and its configuration readable for its owner only', async () => {
    const { jetstream, jetstreamManager } = await import('@nats-io/jetstream');
    nats = await startNats({ dataDir, users: [streamsAdministrator('one', 'p')] });
    const first = await as('one', 'p');
    await (await jetstreamManager(first)).streams.add({ name: 'kept', subjects: ['kept.>'] });
    await jetstream(first).publish('kept.message', 'still here');
    await nats.stop();
    nats = await startNats({ dataDir, users: [streamsAdministrator('one', 'p')] });
    const manager = await jetstreamManager(await as('one', 'p'));
    expect((await manager.streams.getMessage('kept', { seq: 1 }))?.string()).toBe('still here');
    expect(statSync(join(dataDir, 'nats.conf')).mode & 0o777).toBe(0o600);
  });

  it('keeps the streams of a version that had no accounts', async () => {
    const { jetstreamManager } = await import('@nats-io/jetstream');
    const users = [streamsAdministrator('one', 'p')];
    nats = await startNats({ dataDir, users });
    await (await jetstreamManager(await as('one', 'p'))).streams.add({ name: 'kept', subjects: ['kept.>'] });
    await nats.stop();
    renameSync(join(dataDir, 'jetstream', 'STREAMS'), join(dataDir, 'jetstream', '$G'));
    nats = await startNats({ dataDir, users });
    const manager = await jetstreamManager(await as('one', 'p'));
    expect((await manager.streams.info('kept')).config.subjects).toEqual(['kept.>']);
  });

  it('names the port that is in use', async () => {
    nats = await startNats({ dataDir, users: [] });
    const other = mkdtempSync(join(tmpdir(), 'runos-nats-'));
    await expect(startNats({ dataDir: other, port: nats.port, users: [] })).rejects.toThrow(
      `Port ${nats.port} for NATS is in use by another program.`,
    );
    rmSync(other, { recursive: true });
  });
});
