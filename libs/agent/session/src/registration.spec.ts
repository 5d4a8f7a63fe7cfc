import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Metadata, status } from '@grpc/grpc-js';
import { type RefusalCode, refusalMetadataKey } from '@runos/agent-protocol';
import { createAuthority } from '@runos/pki';
import type { AgentSession } from './agent-session.js';
import { certificateFacts } from './credentials/agent-credentials.js';
import { MemoryStore, sha256, startSession } from '../test/test-session.js';
import { isCertificateOfKey, validForDays, FakePlane } from '../test/fake-plane.js';

let plane: FakePlane;
let agents: AgentSession[];
beforeEach(async () => {
  agents = [];
  plane = await FakePlane.start();
});
afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.stop()));
  plane.close();
});

const start = (...args: Parameters<typeof startSession>): AgentSession => {
  const agent = startSession(...args);
  agents.push(agent);
  return agent;
};

const refusal = (refusalCode: RefusalCode, code = status.UNAUTHENTICATED) => {
  const metadata = new Metadata();
  metadata.set(refusalMetadataKey, refusalCode);
  return Object.assign(new Error('no'), { code, details: 'no', metadata });
};

describe('an agent without a certificate', () => {
  it('registers with its token and sends its hello first; its key stays local', async () => {
    const store = new MemoryStore();
    const agent = start(plane, { store });
    await plane.until(() => agent.isConnected);
    expect(plane.registrations).toHaveLength(1);
    const { csrPem, ...request } = plane.registrations[0] ?? {};
    expect(request).toEqual({
      aid: 'abcde',
      token: 'runos_reg_x',
      machineId: 'machine-1',
      os: 'debian-12',
      agentKind: 'node',
    });
    expect(isCertificateOfKey(store.credentials.certificate, store.credentials.key)).toBe(true);
    expect(csrPem).not.toContain('PRIVATE');
    expect(plane.reports[0]?.type).toBe('AgentHello');
    expect(certificateFacts(store.credentials.certificate).identity).toEqual({
      aid: 'abcde',
      cid: 'ky3',
      nid: 'n0de1',
    });
  });

  it('does not send its token to a server with another CA than the pinned one', async () => {
    const other = await createAuthority('other', validForDays());
    const store = new MemoryStore();
    store.onLoad = () => plane.notify();
    const agent = start(plane, { store, trust: { caSha256: sha256(other.certificatePem) } });
    await plane.until(() => store.loads > 3);
    expect(plane.registrations).toEqual([]);
    expect(agent.isConnected).toBe(false);
  });

  it('trusts a CA file, unless its hash differs from the pinned one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'runos-session-'));
    const caFile = join(folder, 'ca.pem');
    writeFileSync(caFile, plane.l1.certificatePem);
    const wrong = start(plane, { trust: { caFile, caSha256: '0'.repeat(64) } });
    const right = start(plane, {
      trust: { caFile, caSha256: `sha256:${sha256(plane.l1.certificatePem).toUpperCase()}` },
    });
    await plane.until(() => right.isConnected);
    expect(plane.registrations).toHaveLength(1);
    expect(wrong.isConnected).toBe(false);
    rmSync(folder, { recursive: true });
  });

  it('does not send a rejected token again, and uses a certificate that is put into its store', async () => {
    plane.onRegister = async () => Promise.reject(refusal('registration-refused'));
    const store = new MemoryStore();
    const agent = start(plane, { store });
    await plane.until(() => plane.registrations.length === 1);
    const donor = new MemoryStore();
    plane.onRegister = async (request) => ({
      publicKey: await plane.issue(request.csrPem),
      caCert: plane.l2.certificatePem,
    });
    const other = start(plane, { store: donor, token: 'another' });
    await plane.until(() => other.isConnected);
    store.stored = donor.stored;
    await plane.until(() => agent.isConnected);
    expect(plane.registrations.map(({ token }) => token)).toEqual(['runos_reg_x', 'another']);
  });

  it('retries with the same token while the plane is busy', async () => {
    let attempts = 0;
    const accept = plane.onRegister;
    plane.onRegister = (request) =>
      ++attempts < 3 ? Promise.reject(refusal('plane-busy', status.UNAVAILABLE)) : accept(request);
    const agent = start(plane);
    await plane.until(() => agent.isConnected);
    expect(attempts).toBe(3);
  });

  it('repeats the registration with the same key when the answer was lost on the way', async () => {
    const issued: string[] = [];
    const accept = plane.onRegister;
    plane.onRegister = async (request) => {
      const response = await accept(request);
      issued.push(response.publicKey ?? '');
      // The plane has issued a certificate, and the answer does not arrive.
      if (issued.length < 3) throw Object.assign(new Error('reset'), { code: status.UNAVAILABLE, details: 'reset' });
      return { ...response, publicKey: issued[0] };
    };
    const store = new MemoryStore();
    const agent = start(plane, { store });
    await plane.until(() => agent.isConnected);
    expect(new Set(plane.registrations.map(({ csrPem }) => csrPem)).size).toBe(1);
    expect(plane.registrations).toHaveLength(3);
    expect(isCertificateOfKey(store.credentials.certificate, store.credentials.key)).toBe(true);
  });

  it('keeps the issued certificate when the store cannot save it at once', async () => {
    const store = new MemoryStore();
    store.failures = 2;
    const agent = start(plane, { store });
    await plane.until(() => agent.isConnected);
    expect(plane.registrations).toHaveLength(1);
    expect(store.saves).toBe(1);
  });
});

describe('an agent whose certificate is revoked', () => {
  it('registers again with a token that it has not used before', async () => {
    const store = new MemoryStore();
    const first = start(plane, { store });
    await plane.until(() => first.isConnected);
    await first.stop();
    const old = certificateFacts(store.credentials.certificate).serial;
    plane.onStream = (stream) => {
      const revoked = plane.serials.at(-1) === old;
      if (revoked) stream.emit('error', refusal('certificate-revoked'));
    };
    const second = start(plane, { store, token: 'a new one' });
    await plane.until(() => second.isConnected);
    expect(plane.registrations.map(({ token }) => token)).toEqual(['runos_reg_x', 'a new one']);
    expect(certificateFacts(store.credentials.certificate).serial).not.toBe(old);
  });
});
