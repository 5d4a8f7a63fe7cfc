import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { agentGateway } from '@runos/contracts';
import { createSigningRequest } from '@runos/pki';
import { refusalOf, registerAt, TestAgent } from '../../test/test-agent.js';
import { type Harness, type Replica, useReplica } from '../../test/harness.js';
import { CertificateIssuer } from '../certificates/certificate-issuer.js';

let harness: Harness;
let replica: Replica;
useReplica((started) => ({ harness, replica } = started));

const register = (registration: Parameters<typeof registerAt>[2]) =>
  registerAt(replica.registerPort, replica.registerCa, registration);
const refused = {
  code: status.UNAUTHENTICATED,
  details: 'the registration token is not valid',
  refusal: 'registration-refused',
};
const refusals = () => harness.services.audit.filter(({ action }) => action === 'agent.register');
const setToken = (token: string, change: string) =>
  harness.sql.query(`UPDATE registration_token SET ${change} WHERE key_id = $1`, [token.slice(10, 22)]);

describe('a registration that is repeated because its answer was lost', () => {
  it('returns the same certificate for the same token, machine and key', async () => {
    const signing = await createSigningRequest();
    const { token } = await harness.token();
    const request = { token, machineId: 'lost-answer', signing };
    const first = await register(request);
    for (let n = 0; n < 2; n += 1) expect(await register(request)).toEqual(first);
    const agent = new TestAgent(replica.streamPort, first);
    await agent.heartbeat();
    expect(await register(request)).toEqual(first);
    await agent.heartbeat();
    agent.stop();
    expect(refusals()).toEqual([]);
  });

  it('returns the same certificate to all attempts that run at once', async () => {
    const signing = await createSigningRequest();
    const { token } = await harness.token('cluster-agent');
    const request = { token, kind: 'cluster-agent' as const, machineId: 'uid-7', signing };
    const answers = await Promise.all(Array.from({ length: 5 }, () => register(request)));
    expect(new Set(answers.map(({ publicKey }) => publicKey)).size).toBe(1);
    expect(answers[0]).toMatchObject({ nid: '', cid: 'ky3' });
  });

  it('without a signing request returns a new certificate and revokes the first one', async () => {
    const { token } = await harness.token();
    const request = { token, machineId: 'old-lost', kind: '' as const, csr: false };
    const first = await register(request);
    const old = new TestAgent(replica.streamPort, first);
    await old.heartbeat();
    const second = await register(request);
    expect(second.nid).toBe(first.nid);
    expect(second.privateKey).not.toBe(first.privateKey);
    expect(await old.ended).toMatchObject({ refusal: 'certificate-revoked' });
    const agent = new TestAgent(replica.streamPort, second);
    await agent.heartbeat();
    for (const each of [old, agent]) each.stop();
  });

  it('is refused like every used token for another machine, another key, and after its time', async () => {
    const signing = await createSigningRequest();
    const { token } = await harness.token();
    const request = { token, machineId: 'first', signing };
    await register(request);
    const { token: keyless } = await harness.token();
    await register({ token: keyless, machineId: 'keyless', csr: false });
    const attempts: Parameters<typeof register>[0][] = [
      { ...request, machineId: 'second' },
      { ...request, machineId: 'a b' },
      { ...request, signing: await createSigningRequest() },
      { ...request, signing: { ...signing, csrPem: 'no signing request' } },
      { token, machineId: 'first', csr: false },
      { token: keyless, machineId: 'keyless', signing },
    ];
    for (const attempt of attempts) expect(await refusalOf(register(attempt))).toEqual(refused);
    await harness.services.until(() => refusals().length === attempts.length);
    expect(new Set(refusals().map(({ detail }) => detail.reason))).toEqual(new Set(['it was used before']));
    await setToken(keyless, `used_at = now() - interval '121 s'`);
    expect(await refusalOf(register({ token: keyless, machineId: 'keyless', csr: false }))).toEqual(refused);
    await setToken(token, `used_at = now() - interval '14 min'`);
    await register(request);
    await setToken(token, `expires_at = now()`);
    expect(await refusalOf(register(request))).toEqual(refused);
  });

  it('is refused after the certificate was revoked, and for a token that an older build has used', async () => {
    const signing = await createSigningRequest();
    const { token } = await harness.token();
    const request = { token, machineId: 'revoked', signing };
    await register(request);
    await register({ token: (await harness.token()).token, machineId: 'revoked' });
    expect(await refusalOf(register(request))).toEqual(refused);
    const { token: older } = await harness.token();
    await setToken(older, `used_at = now()`);
    expect(await refusalOf(register({ ...request, token: older }))).toEqual(refused);
  });
});

describe('a registration that is overtaken', () => {
  afterEach(() => void jest.restoreAllMocks());

  const validCertificates = async (cid: string) =>
    (await harness.sql.query('SELECT serial FROM certificate WHERE cid = $1 AND revoked_at IS NULL', [cid])).rows
      .length;

  /** Runs `work` once, after the token was checked and before the certificate is stored. */
  const beforeStoring = (work: () => Promise<unknown>): void => {
    const issuer = replica.service.app.get(CertificateIssuer);
    const issue = issuer.issue.bind(issuer);
    jest.spyOn(issuer, 'issue').mockImplementationOnce(async (...args) => {
      await work();
      return issue(...args);
    });
  };

  /** As the reconciler deletes a node. */
  const deleteNode = async (cid: string, nid: string): Promise<void> => {
    const revoke = () =>
      harness.busOf('reconciler').request(agentGateway.revokeNode, { cid, nid }, { tenant: 'abcde' });
    await revoke();
    for (const [key, known] of harness.services.nids) if (known === nid) harness.services.nids.delete(key);
    await revoke();
  };

  it.each([
    ['first', true],
    ['repeated', false],
  ])('leaves no certificate if its node is deleted meanwhile (%s)', async (name, isFirst) => {
    const cid = isFirst ? 'gh0' : 'gh1';
    const { token } = await harness.token('node', { cid });
    const machineId = `deleted-${name}`;
    const { nid } = await register({ token, machineId, csr: false });
    beforeStoring(() => deleteNode(cid, nid));
    const next = isFirst ? (await harness.token('node', { cid })).token : token;
    expect(await refusalOf(register({ token: next, machineId, csr: false }))).toEqual(refused);
    expect(await validCertificates(cid)).toBe(0);
  });

  it('by a new registration of the machine does not revoke its new certificate', async () => {
    const kind = 'cluster-agent' as const;
    const [stolen, honest] = [await harness.token(kind, { cid: 'gh2' }), await harness.token(kind, { cid: 'gh2' })];
    const request = { kind, machineId: 'uid-gh2', csr: false };
    await register({ ...request, token: stolen.token });
    let own: Awaited<ReturnType<typeof register>> | undefined;
    beforeStoring(async () => (own = await register({ ...request, token: honest.token })));
    expect(await refusalOf(register({ ...request, token: stolen.token }))).toEqual(refused);
    if (own === undefined) throw new Error('the machine has not registered');
    const agent = new TestAgent(replica.streamPort, own, kind);
    await agent.heartbeat();
    agent.stop();
    expect(await validCertificates('gh2')).toBe(1);
  });
});
