import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { streamService } from '@runos/agent-protocol';
import { agentGateway } from '@runos/contracts';
import { createSigningRequest } from '@runos/pki';
import { waitUntil } from '@runos/testing-process';
import { callAs, refusalOf, registerAt } from '../../test/test-agent.js';
import { RegisteredAgents } from '../../test/registered-agents.js';
import { SessionRepository } from '../sessions/session-repository.js';
import { CertificateIssuer } from './certificate-issuer.js';
import { CertificateRepository } from './certificate-repository.js';

afterEach(() => {
  jest.restoreAllMocks();
});

const agents = RegisteredAgents.use();
type Registered = Awaited<ReturnType<typeof registerAt>>;

/** Registers an agent of its own cluster, so that a revocation affects no other test. */
async function registered(cid: string, machineId = 'stolen', kind: 'node' | 'cluster-agent' = 'node') {
  const { token } = await agents.harness.token(kind, { cid });
  return registerAt(agents.replica.registerPort, agents.replica.registerCa, { token, kind, machineId });
}

async function renew(agent: Registered) {
  const { csrPem } = await createSigningRequest();
  return callAs(agents.replica.streamPort, agent, streamService.RegenerateCertificate, { csrPem });
}

const revocations = {
  'the machine registers again': (cid: string) => registered(cid),
  'its cluster is deleted': (cid: string) =>
    agents.harness.busOf('reconciler').request(agentGateway.revokeCluster, { cid }, { tenant: 'abcde' }),
};

/** How many certificates of the first agent of the cluster are valid. */
async function validCertificates({ nid, cid }: Registered): Promise<number> {
  const { rows } = await agents.harness.sql.query(
    'SELECT 1 FROM certificate WHERE cid = $1 AND nid = $2 AND revoked_at IS NULL',
    [cid, nid],
  );
  return rows.length;
}

/** Resolves when a transaction waits for an advisory lock. */
async function someoneWaits(): Promise<void> {
  const waiting = `SELECT 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND NOT l.granted AND a.datname = current_database()`;
  const isWaiting = async () => (await agents.harness.sql.query(waiting)).rows.length > 0;
  const because = () => 'no transaction waits for an advisory lock';
  await waitUntil(isWaiting, { everyMs: 5, because });
}

describe.each(Object.entries(revocations))('a renewal while %s', (event, revoke) => {
  const name = event.length.toString(36);
  const validCount = event.includes('registers') ? 1 : 0;

  it('is refused when it was admitted before, and its key is made during the revocation', async () => {
    const agent = await registered(`a${name}`);
    const issuer = agents.replica.service.app.get(CertificateIssuer);
    const verifiedKey = issuer.verifiedKey.bind(issuer);
    jest.spyOn(issuer, 'verifiedKey').mockImplementationOnce(async (csrPem) => {
      await revoke(`a${name}`);
      return verifiedKey(csrPem);
    });
    expect(await refusalOf(renew(agent))).toMatchObject({ refusal: 'certificate-revoked' });
    expect(await validCertificates(agent)).toBe(validCount);
  });

  it('does not survive when its certificate is written but not committed', async () => {
    const agent = await registered(`b${name}`);
    const certificates = agents.replica.service.app.get(CertificateRepository);
    const addSuccessor = certificates.addSuccessor.bind(certificates);
    let revoked: Promise<unknown> = Promise.resolve();
    jest.spyOn(certificates, 'addSuccessor').mockImplementationOnce(async (...row) => {
      const isAdded = await addSuccessor(...row);
      revoked = revoke(`b${name}`);
      await Promise.race([revoked, someoneWaits()]);
      return isAdded;
    });
    await renew(agent);
    await revoked;
    expect(await validCertificates(agent)).toBe(validCount);
  });
});

describe('a session', () => {
  it('is not opened with a certificate that was revoked after the stream was admitted', async () => {
    const agent = await registered('c0', 'uid-c0', 'cluster-agent');
    const sessions = agents.replica.service.app.get(SessionRepository);
    const nextNo = sessions.nextNo.bind(sessions);
    jest.spyOn(sessions, 'nextNo').mockImplementationOnce(async () => {
      await revocations['its cluster is deleted']('c0');
      return nextNo();
    });
    const stream = agents.dial(agent);
    await expect(stream.heartbeat()).rejects.toThrow('certificate-revoked');
    const { rows } = await agents.harness.sql.query(`SELECT cid FROM agent WHERE cid = 'c0'`);
    expect(rows).toEqual([]);
  });
});

describe('renewals without pause', () => {
  it('are refused above a small burst, before a key is made, for that agent only', async () => {
    const [busy, other] = [await registered('d0', 'busy'), await registered('d0', 'other')];
    const verifiedKey = jest.spyOn(agents.replica.service.app.get(CertificateIssuer), 'verifiedKey');
    const outcomes = await Promise.all(Array.from({ length: 12 }, () => refusalOf(renew(busy))));
    const refused = outcomes.filter((outcome) => outcome !== 'accepted');
    expect(refused).toHaveLength(7);
    for (const outcome of refused) expect(outcome).toMatchObject({ refusal: 'rate-exceeded' });
    expect(verifiedKey).toHaveBeenCalledTimes(5);
    expect(await refusalOf(renew(other))).toBe('accepted');
  });
});
