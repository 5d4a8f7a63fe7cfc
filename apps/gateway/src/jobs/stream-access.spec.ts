import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { identity } from '@runos/contracts';
import { Fault, invalidToken } from '@runos/kernel';
import { aid, job, jobId, principal, token } from '../../test/sample-replies.js';
import { type GatewayHarness, startHarness } from '../../test/harness.js';
import { EventStreamReader } from '../../test/event-stream-reader.js';
import { CallerStreams } from '../access/caller-streams.js';

let harness: GatewayHarness;
beforeAll(async () => {
  harness = await startHarness();
});
beforeEach(async () => {
  harness.reset();
  harness.reply('jobs.v1.logs', () => ({ workItemId: jobId, logs: [], nextCursor: null }));
  // Specs do not share cached principals.
  await changeAccess();
});
afterAll(() => harness.stop());

const open = () => EventStreamReader.open(`${harness.url}/jobs/${jobId}/stream`, { authorization: `Bearer ${token}` });

/** Publishes the event of a revocation; resolves when the gateway has handled it. */
async function changeAccess(): Promise<void> {
  const gateway = harness.gateway.bus.connector;
  await harness.service('identity').bus.publish(identity.accessChanged, { keyIds: [principal.keyId], userIds: [] });
  await (await harness.service('identity').bus.connector.connection()).flush();
  await (await gateway.connection()).flush();
}

const revoke = () => {
  harness.reply('identity.v1.authenticate', () => {
    throw invalidToken({ reason: 'revoked' });
  });
};

/** Holds the replies to a subject; `arrived` resolves with the first request. */
function hold(subject: string, reply: unknown): { arrived: Promise<void>; release: () => void } {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const arrived = new Promise<void>((resolve) =>
    harness.reply(subject, async () => {
      resolve();
      await released;
      return reply;
    }),
  );
  return { arrived, release };
}

describe('a job stream', () => {
  it('sends nothing to a caller who is revoked during its first read', async () => {
    const read = hold('jobs.v1.show', job);
    const opening = open();
    await read.arrived;
    await changeAccess();
    read.release();
    expect(await (await opening).rest()).toEqual([]);
  });

  it('sends nothing more to a caller who is revoked during a later read', async () => {
    const read = hold('jobs.v1.workitems', { jobId, workItems: [], hasMore: false });
    const stream = await open();
    await read.arrived;
    await changeAccess();
    read.release();
    expect((await stream.rest()).map(({ event }) => event)).toEqual(['job']);
  });

  it('sends nothing to a caller whose revocation overtook the reply of the authentication', async () => {
    const authentication = hold('identity.v1.authenticate', principal);
    const opening = open();
    await authentication.arrived;
    await changeAccess();
    revoke();
    authentication.release();
    expect(await (await opening).rest()).toEqual([]);
  });

  it.each([
    ['has lost an account', []],
    ['has another role in an account', [{ aid, role: 'viewer' as const }]],
  ])('sends nothing to a caller who %s meanwhile', async (_, memberships) => {
    await harness.send('GET', '/user/accounts');
    harness.reply('identity.v1.authenticate', () => ({ ...principal, memberships }));
    expect(await (await open()).rest()).toEqual([]);
  });

  it('ends when the gateway reconnects to NATS, because the event of a revocation may be lost', async () => {
    const stream = await open();
    await stream.next();
    await harness.restartNats();
    expect((await stream.rest()).filter(({ event }) => event === 'job')).toEqual([]);
    const again = await open();
    expect((await again.next()).event).toBe('job');
    await again.close();
  });

  it('takes the revoked token out of the cache', async () => {
    await harness.send('GET', '/user/accounts');
    revoke();
    expect(await (await open()).rest()).toEqual([]);
    expect((await harness.send('GET', '/user/accounts')).status).toBe(401);
  });

  it('ends when its caller cannot be authenticated twice in succession', async () => {
    const { isAuthorized, close } = harness.gateway.app.get(CallerStreams).open(principal, token);
    const unavailable = () =>
      harness.reply('identity.v1.authenticate', () => {
        throw new Fault('unavailable', 'The database is away.');
      });
    unavailable();
    expect(await isAuthorized()).toBe(true);
    harness.reply('identity.v1.authenticate', () => principal);
    expect(await isAuthorized()).toBe(true);
    unavailable();
    expect([await isAuthorized(), await isAuthorized()]).toEqual([true, false]);
    close();
  });

  it('continues while identity is unavailable once', async () => {
    await harness.send('GET', '/user/accounts');
    harness.reply('identity.v1.authenticate', () => {
      throw new Fault('unavailable', 'The database is away.');
    });
    const stream = await open();
    expect((await stream.next()).event).toBe('job');
    await stream.close();
  });
});
