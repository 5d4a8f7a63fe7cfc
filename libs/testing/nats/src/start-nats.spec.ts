import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { allPowerful } from './nats-user.js';
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

  it('lets every user do what is listed for it and nothing more', async () => {
    const asker = { user: 'asker', password: 'p1', publish: ['ask.>'], subscribe: ['_INBOX.asker.>'] };
    const mute = { user: 'mute', password: 'p2', publish: [], subscribe: [] };
    const answerer = { user: 'answerer', password: 'p3', publish: [], subscribe: ['ask.>'] };
    nats = await startNats({ dataDir, users: [asker, mute, answerer] });
    const serving = (await as('answerer', 'p3')).subscribe('ask.time', {
      callback: (_, message) => void message.respond('now'),
    });
    const options = { servers: nats.url, user: 'asker', pass: 'p1', inboxPrefix: '_INBOX.asker', reconnect: false };
    const asking = await connect(options);
    connections.push(asking);
    expect((await asking.request('ask.time', '', { timeout: 2_000 })).string()).toBe('now');
    const refused = violation(asking);
    asking.publish('other.thing', '');
    expect(await refused).toMatch(/Permissions Violation for Publish to "other.thing"/);
    const silent = await as('mute', 'p2');
    const muted = violation(silent);
    silent.publish('anything', '');
    expect(await muted).toMatch(/Permissions Violation/);
    serving.unsubscribe();
  });

  it('refuses wrong passwords and nobody in particular', async () => {
    nats = await startNats({ dataDir, users: [allPowerful('one', 'right')] });
    await expect(as('one', 'wrong')).rejects.toThrow(/Authorization Violation/);
    await expect(connect({ servers: nats.url, reconnect: false })).rejects.toThrow(/Authorization Violation/);
  });

  it('takes new users without a restart, and keeps its port', async () => {
    nats = await startNats({ dataDir, users: [allPowerful('one', 'p')] });
    const { port, pid } = nats;
    nats.setUsers([allPowerful('one', 'p'), allPowerful('two', 'p')]);
    let second: NatsConnection | undefined;
    for (let left = 100; !second && left > 0; left -= 1) second = await as('two', 'p').catch(() => undefined);
    expect([second?.info?.port, nats.pid]).toEqual([port, pid]);
  });

  it('keeps its streams across a restart, and its passwords to itself', async () => {
    const { jetstream, jetstreamManager } = await import('@nats-io/jetstream');
    nats = await startNats({ dataDir, users: [allPowerful('one', 'p')] });
    const first = await as('one', 'p');
    await (await jetstreamManager(first)).streams.add({ name: 'kept', subjects: ['kept.>'] });
    await jetstream(first).publish('kept.word', 'still here');
    await nats.stop();
    nats = await startNats({ dataDir, users: [allPowerful('one', 'p')] });
    const again = await jetstreamManager(await as('one', 'p'));
    expect((await again.streams.getMessage('kept', { seq: 1 }))?.string()).toBe('still here');
    expect(statSync(join(dataDir, 'nats.conf')).mode & 0o777).toBe(0o600);
  });

  it('says which port is in use', async () => {
    nats = await startNats({ dataDir, users: [] });
    const other = mkdtempSync(join(tmpdir(), 'runos-nats-'));
    await expect(startNats({ dataDir: other, port: nats.port, users: [] })).rejects.toThrow(
      `Port ${nats.port} for NATS is in use by another program.`,
    );
    rmSync(other, { recursive: true });
  });
});
