import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { identity } from '@runos/contracts';
import { waitUntil } from '@runos/testing-process';
import { untilAvailable } from '@runos/testing-nats';
import { type IdentityHarness, newOwner, startHarness } from '../../test/harness.js';

let plane: IdentityHarness;
beforeAll(async () => {
  plane = await startHarness();
});
afterAll(() => plane.stop());

const logIn = (email: string, password: string, address = '127.0.0.1') =>
  plane.bus('gateway').request(identity.logIn, { email, password, address });
const codeOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'in',
    (fault: { code: string }) => fault.code,
  );

describe('password guessing', () => {
  it('reveals no more with concurrent attempts across replicas than with sequential ones', async () => {
    const { email } = await newOwner(plane);
    const codes = await Promise.all(Array.from({ length: 24 }, (_, n) => codeOf(logIn(email, `guess ${n}`, 'x'))));
    expect(codes.filter((code) => code === 'auth.invalid')).toHaveLength(3);
    expect(codes.filter((code) => code === 'limit.exceeded')).toHaveLength(21);
  });

  it('is counted for unknown users too', async () => {
    for (let n = 0; n < 3; n += 1) expect(await codeOf(logIn('Ghost@example.com', 'x', 'y'))).toBe('auth.invalid');
    expect(await codeOf(logIn('ghost@EXAMPLE.com', 'x', 'y'))).toBe('limit.exceeded');
  });

  it('is reset by a successful log-in and after the window', async () => {
    const { email, password } = await newOwner(plane);
    const wrong = () => codeOf(logIn(email, 'wrong', 'z'));
    expect([await wrong(), await wrong()]).toEqual(['auth.invalid', 'auth.invalid']);
    expect(await codeOf(logIn(email, String(password), 'z'))).toBe('in');
    expect([await wrong(), await wrong(), await wrong()]).toEqual(Array(3).fill('auth.invalid'));
    expect(await wrong()).toBe('limit.exceeded');
    await plane.sql(`UPDATE failed_log_in SET failed_at = failed_at - interval '15 minutes' WHERE address = 'z'`);
    expect(await codeOf(logIn(email, String(password), 'z'))).toBe('in');
  });
});

describe('log-ins', () => {
  it('of one user at the same time all succeed', async () => {
    const { email, password } = await newOwner(plane);
    const codes = await Promise.all(Array.from({ length: 12 }, () => codeOf(logIn(email, String(password)))));
    expect(codes).toEqual(Array(12).fill('in'));
  });

  it('end by log-out of one session and notify caches; a second log-out reports false', async () => {
    const { email, password } = await newOwner(plane);
    const [one, other] = [await logIn(email, String(password)), await logIn(email, String(password))];
    const gateway = plane.bus('gateway');
    const { keyId } = await gateway.request(identity.authenticate, { token: one.token });
    const connection = await gateway.connector.ready(60_000);
    const changes = connection.subscribe(identity.accessChanged.subject, { max: 1 });
    await connection.flush();
    expect(await gateway.request(identity.logOut, { keyId })).toEqual({ loggedOut: true });
    for await (const message of changes) expect(message.json()).toEqual({ keyIds: [keyId], userIds: [] });
    expect(await gateway.request(identity.logOut, { keyId })).toEqual({ loggedOut: false });
    expect((await gateway.request(identity.authenticate, { token: other.token })).email).toBe(email);
  });

  it('do not end by a log-out with a personal access token, which announces no change', async () => {
    const { firstKey } = await newOwner(plane);
    const gateway = plane.bus('gateway');
    const connection = await gateway.connector.ready(60_000);
    const seen: unknown[] = [];
    connection.subscribe(identity.accessChanged.subject, { callback: (_, message) => void seen.push(message.json()) });
    await connection.flush();
    expect(await gateway.request(identity.logOut, { keyId: firstKey })).toEqual({ loggedOut: false });
    const { email, password } = await newOwner(plane);
    const { token } = await logIn(email, String(password));
    const { keyId } = await gateway.request(identity.authenticate, { token });
    await gateway.request(identity.logOut, { keyId });
    await waitUntil(() => seen.length > 0, { because: () => 'the log-out is not announced' });
    expect(seen).toEqual([{ keyIds: [keyId], userIds: [] }]);
  });
});

describe('a restart of NATS', () => {
  it('makes requests unavailable and later ones succeed', async () => {
    const { token, email } = await newOwner(plane);
    const authenticate = () => plane.bus('gateway').request(identity.authenticate, { token });
    await plane.nats.restart(() => expect(authenticate()).rejects.toMatchObject({ code: 'unavailable' }));
    expect((await untilAvailable(authenticate)).email).toBe(email);
  });
});
