import { beforeEach, describe, expect, it } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { agentGateway, type Credential, identity } from '@runos/contracts';
import { waitUntil } from '@runos/testing-process';
import { type Harness, type Replica, useReplica } from '../../test/harness.js';
import { refusalOf, registerAt } from '../../test/test-agent.js';

let harness: Harness;
let replica: Replica;
useReplica((started) => ({ harness, replica } = started));
beforeEach(() => harness.services.credentials.clear());

const tenant = 'abcde';
let count = 0;
const newCredential = (kind: Credential['kind'] = 'pat') => ({ kind, keyId: `creator${String((count += 1))}` });
const issue = (credential: Credential, ttlSeconds = 86_400, purpose: 'node' | 'cluster-agent' = 'cluster-agent') =>
  harness.bus.request(
    agentGateway.issueRegistrationToken,
    { cid: 'ky3', token: { purpose, ttlSeconds }, credential },
    { tenant, actor: { kind: 'pat', id: credential.keyId, name: 'spec' } },
  );
const register = (token: string) =>
  refusalOf(registerAt(replica.registerPort, replica.registerCa, { token, kind: 'cluster-agent' }));
const refused = { code: status.UNAUTHENTICATED, refusal: 'registration-refused' };
const lastReason = () => String(harness.services.audit.at(-1)?.detail.reason);
const list = async (cid = 'ky3', of = tenant) =>
  (await harness.bus.request(agentGateway.listRegistrationTokens, { cid }, { tenant: of })).registrationTokens;
const revoke = (id: string, cid = 'ky3', of = tenant) =>
  harness.bus.request(agentGateway.revokeRegistrationToken, { cid, id }, { tenant: of });
const idOf = (token: string) => token.slice(10, 22);
const shown = async (token: string) => (await list()).find(({ id }) => id === idOf(token));

describe('a registration token', () => {
  it.each(['pat', 'session'] as const)('ends with the %s that created it, without any event', async (kind) => {
    const credential = newCredential(kind);
    const { token } = await issue(credential);
    harness.services.credentials.set(credential.keyId, 'revoked');
    expect(await register(token)).toMatchObject(refused);
    await harness.services.until(() => /that created it is not valid/.test(lastReason()));
    harness.services.credentials.clear();
    expect(await register(token)).toBe('accepted');
  });

  it('is revoked by the event of the revocation, if it was not used', async () => {
    const [revoked, other] = [newCredential(), newCredential()];
    const [token, used, kept] = [await issue(revoked), await issue(revoked), await issue(other)];
    expect(await register(used.token)).toBe('accepted');
    const bus = harness.busOf('identity');
    await bus.publish(identity.accessChanged, { keyIds: [revoked.keyId], userIds: [] });
    const isRevoked = async () => (await shown(token.token))?.revokedAt !== null;
    await waitUntil(isRevoked, { because: () => 'the token is not revoked' });
    expect(await shown(used.token)).toMatchObject({ revokedAt: null, usedAt: expect.any(String) });
    expect(await register(token.token)).toMatchObject(refused);
    expect(await register(kept.token)).toBe('accepted');
  });

  it('ends when the role of its creator does not allow it any more', async () => {
    const credential = newCredential();
    const { token } = await issue(credential);
    harness.services.credentials.set(credential.keyId, { role: 'viewer', validForMs: 1_000 });
    expect(await register(token)).toMatchObject(refused);
    await expect(issue(credential)).rejects.toMatchObject({ code: 'auth.forbidden' });
  });

  it('stays unused while identity does not reply', async () => {
    const credential = newCredential();
    const { token } = await issue(credential);
    harness.services.credentials.set(credential.keyId, 'unavailable');
    expect(await register(token)).toMatchObject({ code: status.UNAVAILABLE });
    harness.services.credentials.clear();
    expect(await register(token)).toBe('accepted');
  });

  it('expires with its creator at the latest, and is not created by an invalid one', async () => {
    const credential = newCredential();
    harness.services.credentials.set(credential.keyId, { role: 'admin', validForMs: 120_000 });
    const ahead = async (ttlSeconds: number) =>
      (Date.parse((await issue(credential, ttlSeconds)).expiresAt) - Date.now()) / 1_000;
    expect(Math.abs((await ahead(86_400)) - 120)).toBeLessThan(30);
    expect(Math.abs((await ahead(20)) - 20)).toBeLessThan(15);
    harness.services.credentials.set(credential.keyId, 'revoked');
    await expect(issue(credential)).rejects.toMatchObject({ code: 'auth.invalid' });
  });

  it('is listed without its secret, and revoked by its id after an audit entry', async () => {
    const credential = newCredential();
    const { token, expiresAt } = await issue(credential);
    const createdBy = `pat:${credential.keyId}`;
    expect(await shown(token)).toMatchObject({ purpose: 'cluster-agent', createdBy, expiresAt, revokedAt: null });
    expect(JSON.stringify(await list())).not.toContain(token.split('.')[1]);
    for (const other of [await list('ky4'), await list('ky3', 'other')]) expect(other).toEqual([]);
    const missing = { code: 'token.not_found' };
    await expect(revoke(idOf(token), 'ky4')).rejects.toMatchObject(missing);
    await expect(revoke(idOf(token), 'ky3', 'other')).rejects.toMatchObject(missing);
    const first = await revoke(idOf(token));
    expect(await revoke(idOf(token))).toEqual(first);
    const entry = { action: 'registration-token.revoke', subject: 'ky3', detail: { id: idOf(token) } };
    expect(harness.services.audit.at(-1)).toMatchObject({ aid: tenant, outcome: 'allowed', ...entry });
    expect(await register(token)).toMatchObject(refused);
    await harness.services.until(() => lastReason() === 'it was revoked');
  });
});
