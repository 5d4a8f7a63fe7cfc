import { createPrivateKey, X509Certificate } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { agentGateway } from '@runos/contracts';
import { createAuthority, issueLeaf, newEcKey } from '@runos/pki';
import { lasting } from '../certificates/issuer.js';
import { refusalTo, registerAt, SpecAgent } from '../../test/spec-agent.js';
import { type Replica, SpecPlane } from '../../test/spec-plane.js';

jest.setTimeout(20_000);

let plane: SpecPlane;
let replica: Replica;
beforeAll(async () => {
  plane = await SpecPlane.start();
  replica = await plane.replica({ publicRegisterPort: 4191, publicStreamPort: 4192 });
}, 30_000);
afterAll(() => plane.stop());

const register = (asked: Parameters<typeof registerAt>[2]) =>
  registerAt(replica.registerPort, replica.gateway.registerCa, asked);
const refusedToken = {
  code: status.UNAUTHENTICATED,
  details: 'the registration token is not valid',
  refusal: 'registration-refused',
};
const lastReason = () => plane.neighbours.audit.at(-1);

describe('a registration token', () => {
  it('is shown once, with the command to use it, and an audit entry before', async () => {
    const issued = await plane.token('cluster-agent');
    expect(issued.token).toMatch(/^runos_reg_[a-z0-9]{12}\.[A-Za-z0-9_-]{43}$/);
    expect(issued.command).toContain(`RUNOS_TOKEN=${issued.token} RUNOS_CA_SHA256=${issued.caSha256}`);
    expect(issued.command).toContain('RUNOS_SERVER=localhost RUNOS_REGISTER_PORT=4191 RUNOS_STREAM_PORT=4192 ');
    const { command, token, caSha256 } = await plane.token('node');
    expect(command).toContain(`--aid abcde --token ${token} --ca-sha256 ${caSha256}`);
    expect(lastReason()).toMatchObject({ aid: 'abcde', action: 'registration-token.create', outcome: 'allowed' });
    const { rows } = await plane.sql.query('SELECT * FROM registration_token');
    expect(JSON.stringify(rows)).not.toContain(issued.token.split('.')[1]);
  });

  it('is the same again for the same idempotency key', async () => {
    const ask = (purpose: 'node' | 'cluster-agent', requestHash: string) =>
      plane.bus.request(
        agentGateway.issueRegistrationToken,
        { cid: 'ky3', token: { purpose }, idempotency: { key: 'k-1', requestHash } },
        { tenant: 'abcde' },
      );
    const first = await ask('node', 'h1');
    expect(await ask('node', 'h1')).toEqual(first);
    await expect(ask('cluster-agent', 'h2')).rejects.toMatchObject({ code: 'conflict.idempotency' });
    const { rows } = await plane.sql.query('SELECT answer FROM idempotency');
    expect(JSON.stringify(rows)).not.toContain(first.token.split('.')[1]);
  });

  it('makes one node of one machine: certificate with its identity, key of its own', async () => {
    const { token } = await plane.token();
    const answer = await register({ token });
    expect(answer).toMatchObject({ cid: 'ky3', nid: 'n0000', serverMadeKey: false });
    const certificate = new X509Certificate(answer.publicKey);
    expect(certificate.subjectAltName).toBe('URI:runos://abcde/ky3/node/n0000');
    expect(certificate.subject).toBe('CN=node:n0000');
    expect(certificate.checkPrivateKey(createPrivateKey(answer.privateKey))).toBe(true);
    expect(certificate.verify(new X509Certificate(answer.caCert).publicKey)).toBe(true);
  });

  it('is refused with the same words whatever is wrong with it; the audit log has the reason', async () => {
    const used = await plane.token();
    await register({ token: used.token });
    const expired = await plane.token();
    await plane.sql.query(`UPDATE registration_token SET expires_at = now() - interval '1 s' WHERE key_id = $1`, [
      expired.token.slice(10, 22),
    ]);
    const good = await plane.token();
    const cases: [Parameters<typeof register>[0], RegExp, string][] = [
      [{ token: used.token }, /used before/, 'abcde'],
      [{ token: expired.token }, /expired/, 'abcde'],
      [{ token: good.token, aid: 'other' }, /account "other"/, 'abcde'],
      [{ token: good.token, kind: 'cluster-agent' }, /for a node, not for a cluster-agent/, 'abcde'],
      [{ token: `${good.token.slice(0, -1)}_` }, /secret is wrong/, 'abcde'],
      [{ token: `runos_reg_aaaaaaaaaaaa.${'a'.repeat(43)}` }, /no such token/, 'abcde'],
      [{ token: 'runos_pat_x', aid: 'zzzzz' }, /no registration token/, 'zzzzz'],
    ];
    for (const [asked, reason, aid] of cases) {
      expect(await refusalTo(register(asked))).toEqual(refusedToken);
      expect(lastReason()).toMatchObject({ aid, action: 'agent.register', outcome: 'refused' });
      expect(lastReason()?.detail.reason).toMatch(reason);
    }
    await register({ token: good.token });
  });

  it('lets exactly one of many in that present it at the same time', async () => {
    const { token } = await plane.token();
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, n) => refusalTo(register({ token, machineId: `race-${n}` }))),
    );
    expect(all.filter((each) => each === 'accepted')).toHaveLength(1);
    expect(all.filter((each) => each !== 'accepted')).toEqual(Array.from({ length: 7 }, () => refusedToken));
  });

  it('is not spent while the reconciler is away, nor by a request that proves no key', async () => {
    const { token } = await plane.token();
    plane.neighbours.reconcilerIsAway = true;
    expect(await refusalTo(register({ token }))).toMatchObject({ code: status.UNAVAILABLE, refusal: 'plane-busy' });
    plane.neighbours.reconcilerIsAway = false;
    const late = await plane.token('node', { cid: 'gone' });
    expect(await refusalTo(register({ token: late.token }))).toEqual(refusedToken);
    expect(lastReason()?.detail.reason).toMatch(/no cluster gone/);
    expect(await refusalTo(register({ token, machineId: 'a b' }))).toMatchObject({ refusal: 'request-invalid' });
    expect(await register({ token })).toMatchObject({ cid: 'ky3' });
  });
});

describe('an agent', () => {
  it('that sends no request gets a key made for it, PKCS#1 as it needs it, and may connect with it', async () => {
    const { token } = await plane.token();
    const answer = await register({ token, csr: false, kind: '', machineId: 'old-agent' });
    expect(answer.privateKey).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
    const agent = new SpecAgent(replica.streamPort, answer);
    await agent.beat();
    agent.stop();
  });

  it('keeps its nid when its machine registers again; its older certificate and stream end at once', async () => {
    const first = await register({ token: (await plane.token()).token, machineId: 'phoenix' });
    const old = new SpecAgent(replica.streamPort, first);
    await old.beat();
    const second = await register({ token: (await plane.token()).token, machineId: 'phoenix' });
    expect(second.nid).toBe(first.nid);
    expect(await old.ended).toMatchObject({ code: status.UNAUTHENTICATED, refusal: 'certificate-revoked' });
    const again = new SpecAgent(replica.streamPort, first);
    expect(await again.ended).toMatchObject({ refusal: 'certificate-revoked' });
    const fresh = new SpecAgent(replica.streamPort, second);
    await fresh.beat();
    for (const agent of [old, again, fresh]) agent.stop();
  });
});

describe('the stream port', () => {
  it('refuses who shows no certificate, a foreign one, an expired one, one nobody issued, or the other kind of agent', async () => {
    const { token } = await plane.token('cluster-agent');
    const cluster = await register({ token, kind: 'cluster-agent' });
    expect(cluster.nid).toBe('');
    const foreignCa = await createAuthority('foreign', lasting(1));
    const { keyPem, publicKey } = await newEcKey();
    const leaf = {
      publicKey,
      usage: 'client' as const,
      commonName: 'node:n0000',
      uris: ['runos://abcde/ky3/node/n0000'],
    };
    const foreign = await issueLeaf(foreignCa, { ...lasting(1), ...leaf });
    const { l2 } = await plane.authorities();
    const past = { notBefore: new Date(Date.now() - 2_000), notAfter: new Date(Date.now() - 1_000) };
    const expired = await issueLeaf(l2, { ...past, ...leaf });
    const unknown = await issueLeaf(l2, { ...lasting(1), ...leaf });
    const { caCert } = cluster;
    const mine = { caCert, privateKey: keyPem };
    const attempts = {
      none: new SpecAgent(replica.streamPort, { caCert }),
      foreign: new SpecAgent(replica.streamPort, { ...mine, publicKey: foreign }),
      expired: new SpecAgent(replica.streamPort, { ...mine, publicKey: expired }),
      unknown: new SpecAgent(replica.streamPort, { ...mine, publicKey: unknown }),
      'of the other kind': new SpecAgent(replica.streamPort, cluster, 'node'),
    };
    expect((await attempts.none.ended).code).toBe(status.UNAVAILABLE);
    expect((await attempts.foreign.ended).code).toBe(status.UNAVAILABLE);
    expect((await attempts.expired.ended).code).toBe(status.UNAVAILABLE);
    expect(await attempts.unknown.ended).toMatchObject({ refusal: 'certificate-unknown' });
    expect(await attempts['of the other kind'].ended).toMatchObject({ refusal: 'agent-kind-mismatch' });
    for (const agent of Object.values(attempts)) agent.stop();
  });
});
