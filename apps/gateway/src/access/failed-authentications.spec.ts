import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { identity } from '@runos/contracts';
import { Fault, hourMs, invalidToken } from '@runos/kernel';
import { principal } from '../../test/sample-replies.js';
import { type GatewayHarness, startHarness } from '../../test/harness.js';

const budget = 3;
let harness: GatewayHarness;
beforeAll(async () => {
  harness = await startHarness({ failedAuthenticationsPerMinute: budget, trustedProxies: 1, writesPerMinute: 0 });
});
beforeEach(() => harness.reset());
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(() => harness.stop());

let count = 0;
/** A token that no other request has used. */
const newToken = () => `runos_pat_${String((count += 1)).padStart(12, 'g')}.${'s'.repeat(43)}`;
/** An IPv4 address that no other spec uses. */
const newAddress = () => `192.0.2.${(count += 1)}`;
const from = (address: string, token = newToken()) =>
  harness.send('GET', '/user/accounts', {
    headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': address },
  });
const logInFrom = (address: string) =>
  harness.send('POST', '/auth/login', {
    headers: { 'x-forwarded-for': address },
    body: JSON.stringify({ email: `guess-${(count += 1)}@example.com`, password: 'guess' }),
  });
const requests = (subject: string) => harness.received.filter((request) => request.subject === subject);
const authentications = () => requests('identity.v1.authenticate').length;
const refuse = (subject: string, fault = invalidToken()) =>
  harness.reply(subject, () => {
    throw fault;
  });
const refuseTokens = () => refuse('identity.v1.authenticate');
const statuses = async (responses: Promise<{ status: number }>[]) =>
  (await Promise.all(responses)).map(({ status }) => status).sort();
const times = <T>(length: number, one: (index: number) => T): T[] => Array.from({ length }, (_, index) => one(index));

describe('an address that guesses tokens', () => {
  it('is refused without a request to identity once its budget is spent, also by concurrent guesses', async () => {
    jest.spyOn(Date, 'now').mockReturnValue(Date.now());
    refuseTokens();
    const address = newAddress();
    expect(await statuses(times(20, () => from(address)))).toEqual([...times(3, () => 401), ...times(17, () => 429)]);
    expect(authentications()).toBe(budget);
    const { body, headers } = await from(address);
    expect(body).toMatchObject({ code: 'limit.exceeded', limit: 'failedAuthenticationsPerMinute', value: budget });
    expect(headers.get('retry-after')).toBe('60');
    expect((await from(newAddress())).status).toBe(401);
  });

  it('is refused for no longer than the minute when the clock was set back', async () => {
    refuseTokens();
    const address = newAddress();
    await Promise.all(times(budget, () => from(address)));
    const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() - hourMs);
    const { status, headers } = await from(address).finally(() => now.mockRestore());
    expect([status, Number(headers.get('retry-after'))]).toEqual([429, 60]);
  });

  it('does not lock out the tokens that this gateway knows, cached or not', async () => {
    const [address, known] = [newAddress(), newToken()];
    expect((await from(address, known)).status).toBe(200);
    refuseTokens();
    await Promise.all(times(budget, () => from(address)));
    expect((await from(address)).status).toBe(429);
    expect((await from(address, known)).status).toBe(200);
    harness.reset();
    await harness.restartNats(); // empties the cache
    expect((await from(address, known)).status).toBe(200);
    expect(authentications()).toBe(1);
    expect((await from(address)).status).toBe(429);
  });

  it('does not become known by a token that was revoked', async () => {
    const [address, stolen] = [newAddress(), newToken()];
    await from(address, stolen);
    await harness.service('identity').bus.publish(identity.accessChanged, { keyIds: [principal.keyId], userIds: [] });
    await (await harness.service('identity').bus.connector.connection()).flush();
    await (await harness.gateway.bus.connector.connection()).flush();
    refuseTokens();
    harness.received.length = 0;
    for (let attempt = 0; attempt < 6; attempt += 1) await from(address, stolen);
    expect(authentications()).toBe(1 + budget);
  });

  it('has one budget for the whole /64 of an IPv6 address', async () => {
    refuseTokens();
    await Promise.all(times(budget, (index) => from(`2001:db8:5:6:${index}::1`)));
    expect((await from('2001:db8:5:6:ffff:ffff:ffff:ffff')).status).toBe(429);
    expect((await from('2001:db8:5:7::1')).status).toBe(401);
  });
});

describe('an address with valid tokens', () => {
  it('may present any number of new ones at once', async () => {
    const address = newAddress();
    expect(await statuses(times(30, () => from(address)))).toEqual(times(30, () => 200));
  });

  it('does not spend its budget on malformed tokens or an outage of identity', async () => {
    const address = newAddress();
    await Promise.all(times(9, () => from(address, 'malformed')));
    refuse('identity.v1.authenticate', new Fault('unavailable', 'The database is away.'));
    expect(await statuses(times(9, () => from(address)))).toEqual(times(9, () => 503));
    harness.reset();
    expect((await from(address)).status).toBe(200);
  });
});

describe('an address that guesses passwords', () => {
  it('is refused without a request to identity once its budget is spent, whatever e-mail addresses it names', async () => {
    refuse('identity.v1.log-in');
    const address = newAddress();
    expect(await statuses(times(8, () => logInFrom(address)))).toEqual([
      ...times(3, () => 401),
      ...times(5, () => 429),
    ]);
    expect(requests('identity.v1.log-in')).toHaveLength(budget);
    expect((await from(address)).status).toBe(200);
  });

  it('is counted by identity per /64 of an IPv6 address', async () => {
    await logInFrom('2001:db8:8:9:a:b:c:d');
    await logInFrom('::ffff:192.0.2.254');
    expect(requests('identity.v1.log-in').map(({ input }) => input['address'])).toEqual([
      '2001:db8:8:9::/64',
      '192.0.2.254',
    ]);
  });

  it('does not spend its budget on log-ins that succeed', async () => {
    const address = newAddress();
    expect(await statuses(times(9, () => logInFrom(address)))).toEqual(times(9, () => 200));
  });
});
