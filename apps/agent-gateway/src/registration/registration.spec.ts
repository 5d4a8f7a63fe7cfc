import { createPrivateKey, X509Certificate } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { agentGateway } from '@runos/contracts';
import { createAuthority, issueLeaf, newEcKey } from '@runos/pki';
import { validForDays } from '../authority/certificate-authorities.js';
import { refusalOf, registerAt, TestAgent } from '../../test/test-agent.js';
import { type Harness, type Replica, useReplica } from '../../test/harness.js';

let harness: Harness;
let replica: Replica;
useReplica((started) => ({ harness, replica } = started), { publicRegisterPort: 4191, publicStreamPort: 4192 });

const register = (registration: Parameters<typeof registerAt>[2]) =>
  registerAt(replica.registerPort, replica.registerCa, registration);
const refusedToken = {
  code: status.UNAUTHENTICATED,
  details: 'the registration token is not valid',
  refusal: 'registration-refused',
};
const lastAuditEntry = () => harness.services.audit.at(-1);

describe('a registration token', () => {
  it('is returned once, with the command that uses it, after an audit entry', async () => {
    const issued = await harness.token('cluster-agent');
    expect(issued.token).toMatch(/^runos_reg_[a-z0-9]{12}\.[A-Za-z0-9_-]{43}$/);
    expect(issued.command).toContain(`RUNOS_TOKEN=${issued.token} RUNOS_CA_SHA256=${issued.caSha256}`);
    expect(issued.command).toContain('RUNOS_SERVER=localhost RUNOS_REGISTER_PORT=4191 RUNOS_STREAM_PORT=4192 ');
    const { command, token, caSha256 } = await harness.token('node');
    expect(command).toContain(`--aid abcde --token ${token} --ca-sha256 ${caSha256}`);
    expect(lastAuditEntry()).toMatchObject({ aid: 'abcde', action: 'registration-token.create', outcome: 'allowed' });
    const { rows } = await harness.sql.query('SELECT * FROM registration_token');
    expect(JSON.stringify(rows)).not.toContain(issued.token.split('.')[1]);
  });

  it('is the same for the same idempotency key', async () => {
    const issue = (purpose: 'node' | 'cluster-agent', requestHash: string) =>
      harness.bus.request(
        agentGateway.issueRegistrationToken,
        { cid: 'ky3', token: { purpose }, idempotency: { key: 'k-1', requestHash } },
        { tenant: 'abcde' },
      );
    const first = await issue('node', 'h1');
    const entries = harness.services.audit.length;
    expect(await issue('node', 'h1')).toEqual(first);
    await expect(issue('cluster-agent', 'h2')).rejects.toMatchObject({ code: 'conflict.idempotency' });
    expect(harness.services.audit).toHaveLength(entries + 1); // of the repetition, which gets the secret again
    const { rows } = await harness.sql.query('SELECT response FROM idempotency');
    expect(JSON.stringify(rows)).not.toContain(first.token.split('.')[1]);
  });

  it('registers one node: a certificate with its identity for the key of the agent', async () => {
    const { token } = await harness.token();
    const answer = await register({ token });
    expect(answer).toMatchObject({ cid: 'ky3', nid: 'n0000', serverMadeKey: false });
    const certificate = new X509Certificate(answer.publicKey);
    expect(certificate.subjectAltName).toBe('URI:runos://abcde/ky3/node/n0000');
    expect(certificate.subject).toBe('CN=node:n0000');
    expect(certificate.checkPrivateKey(createPrivateKey(answer.privateKey))).toBe(true);
    expect(certificate.verify(new X509Certificate(answer.caCert).publicKey)).toBe(true);
  });

  it('is refused with equal details for every reason; the audit log contains the reason', async () => {
    const used = await harness.token();
    await register({ token: used.token });
    const expired = await harness.token();
    await harness.sql.query(`UPDATE registration_token SET expires_at = now() - interval '1 s' WHERE key_id = $1`, [
      expired.token.slice(10, 22),
    ]);
    const good = await harness.token();
    const cases: [Parameters<typeof register>[0], RegExp, string][] = [
      [{ token: used.token }, /used before/, 'abcde'],
      [{ token: expired.token }, /expired/, 'abcde'],
      [{ token: good.token, aid: 'other' }, /account "other"/, 'abcde'],
      [{ token: good.token, kind: 'cluster-agent' }, /for a node, not for a cluster-agent/, 'abcde'],
      [{ token: `${good.token.slice(0, -1)}_` }, /secret is wrong/, 'abcde'],
    ];
    for (const [registration, reason, aid] of cases) {
      expect(await refusalOf(register(registration))).toEqual(refusedToken);
      await harness.services.until(() => reason.test(String(lastAuditEntry()?.detail.reason)));
      expect(lastAuditEntry()).toMatchObject({ aid, action: 'agent.register', outcome: 'refused' });
    }
    for (const token of [`runos_reg_aaaaaaaaaaaa.${'a'.repeat(43)}`, 'runos_pat_x'])
      expect(await refusalOf(register({ token }))).toEqual(refusedToken);
    await register({ token: good.token });
  });

  it('registers exactly one of several concurrent agents', async () => {
    const { token } = await harness.token();
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, n) => refusalOf(register({ token, machineId: `race-${n}` }))),
    );
    expect(all.filter((each) => each === 'accepted')).toHaveLength(1);
    expect(all.filter((each) => each !== 'accepted')).toEqual(Array.from({ length: 7 }, () => refusedToken));
  });

  it('is not used up while the reconciler is unavailable, nor by a request without a valid key', async () => {
    const { token } = await harness.token();
    harness.services.reconcilerUnavailable = true;
    expect(await refusalOf(register({ token }))).toMatchObject({ code: status.UNAVAILABLE, refusal: 'plane-busy' });
    harness.services.reconcilerUnavailable = false;
    const late = await harness.token('node', { aid: 'other', cid: 'deleted' });
    expect(await refusalOf(register({ token: late.token, aid: 'other' }))).toEqual(refusedToken);
    await harness.services.until(() => /no cluster deleted/.test(String(lastAuditEntry()?.detail.reason)));
    expect(await refusalOf(register({ token, machineId: 'a b' }))).toMatchObject({ refusal: 'request-invalid' });
    expect(await register({ token })).toMatchObject({ cid: 'ky3' });
  });
});

describe('an agent', () => {
  it('without a signing request gets a generated PKCS#1 key and can connect with it', async () => {
    const { token } = await harness.token();
    const answer = await register({ token, csr: false, kind: '', machineId: 'old-agent' });
    expect(answer.privateKey).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
    const agent = new TestAgent(replica.streamPort, answer);
    await agent.heartbeat();
    agent.stop();
  });

  it('keeps its nid when its machine registers again; its older certificate is revoked and its stream closed at once', async () => {
    const first = await register({ token: (await harness.token()).token, machineId: 'phoenix' });
    const old = new TestAgent(replica.streamPort, first);
    await old.heartbeat();
    const second = await register({ token: (await harness.token()).token, machineId: 'phoenix' });
    expect(second.nid).toBe(first.nid);
    expect(await old.ended).toMatchObject({ code: status.UNAUTHENTICATED, refusal: 'certificate-revoked' });
    const revoked = new TestAgent(replica.streamPort, first);
    expect(await revoked.ended).toMatchObject({ refusal: 'certificate-revoked' });
    const current = new TestAgent(replica.streamPort, second);
    await current.heartbeat();
    for (const agent of [old, revoked, current]) agent.stop();
  });
});

describe('the stream port', () => {
  it('refuses a missing, foreign, expired or unknown certificate, and the other kind of agent', async () => {
    const { token } = await harness.token('cluster-agent');
    const cluster = await register({ token, kind: 'cluster-agent' });
    expect(cluster.nid).toBe('');
    const foreignCa = await createAuthority('foreign', validForDays(1));
    const { keyPem, publicKey } = await newEcKey();
    const leaf = {
      publicKey,
      usage: 'client' as const,
      commonName: 'node:n0000',
      uris: ['runos://abcde/ky3/node/n0000'],
    };
    const foreign = await issueLeaf(foreignCa, { ...validForDays(1), ...leaf });
    const { stream: streamCa } = replica.authorities;
    const past = { notBefore: new Date(Date.now() - 2_000), notAfter: new Date(Date.now() - 1_000) };
    const expired = await issueLeaf(streamCa, { ...past, ...leaf });
    const unknown = await issueLeaf(streamCa, { ...validForDays(1), ...leaf });
    const { caCert } = cluster;
    const own = { caCert, privateKey: keyPem };
    const attempts = {
      none: new TestAgent(replica.streamPort, { caCert }),
      foreign: new TestAgent(replica.streamPort, { ...own, publicKey: foreign }),
      expired: new TestAgent(replica.streamPort, { ...own, publicKey: expired }),
      unknown: new TestAgent(replica.streamPort, { ...own, publicKey: unknown }),
      'of the other kind': new TestAgent(replica.streamPort, cluster, 'node'),
    };
    expect((await attempts.none.ended).code).toBe(status.UNAVAILABLE);
    expect((await attempts.foreign.ended).code).toBe(status.UNAVAILABLE);
    expect((await attempts.expired.ended).code).toBe(status.UNAVAILABLE);
    expect(await attempts.unknown.ended).toMatchObject({ refusal: 'certificate-unknown' });
    expect(await attempts['of the other kind'].ended).toMatchObject({ refusal: 'agent-kind-mismatch' });
    for (const agent of Object.values(attempts)) agent.stop();
  });
});
