import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Metadata, status } from '@grpc/grpc-js';
import { type Refusal, refusalKey } from '@runos/agent-protocol';
import { createAuthority } from '@runos/pki';
import type { AgentSession } from './agent-session.js';
import { certificateFacts } from './credentials/agent-credentials.js';
import { MemoryStore, sha256, startAgent } from '../test/spec-agent.js';
import { lasting, sameKey, SpecPlane } from '../test/spec-plane.js';

let plane: SpecPlane;
let agents: AgentSession[];
beforeEach(async () => {
  agents = [];
  plane = await SpecPlane.start();
});
afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.stop()));
  plane.close();
});

const start = (...args: Parameters<typeof startAgent>): AgentSession => {
  const agent = startAgent(...args);
  agents.push(agent);
  return agent;
};

const refusal = (word: Refusal, code = status.UNAUTHENTICATED) => {
  const metadata = new Metadata();
  metadata.set(refusalKey, word);
  return Object.assign(new Error('no'), { code, details: 'no', metadata });
};

describe('an agent without a certificate', () => {
  it('turns its token into one, and says hello first; its key stays with it', async () => {
    const store = new MemoryStore();
    const agent = start(plane, { store });
    await plane.until(() => agent.connected);
    expect(plane.registered).toHaveLength(1);
    const { csrPem, ...asked } = plane.registered[0]!;
    expect(asked).toEqual({
      aid: 'abcde',
      token: 'runos_reg_x',
      machineId: 'machine-1',
      os: 'debian-12',
      agentKind: 'node',
    });
    expect(sameKey(store.kept!.certificate, store.kept!.key)).toBe(true);
    expect(csrPem).not.toContain('PRIVATE');
    expect(plane.heard[0]?.type).toBe('AgentHello');
    expect(certificateFacts(store.kept!.certificate).identity).toEqual({ aid: 'abcde', cid: 'ky3', nid: 'n0de1' });
  });

  it('sends its token to nobody whose CA is not the pinned one', async () => {
    const other = await createAuthority('other', lasting());
    const store = new MemoryStore();
    store.onLoad = () => plane.happened();
    const agent = start(plane, { store, trust: { caSha256: sha256(other.certificatePem) } });
    await plane.until(() => store.loads > 3);
    expect(plane.registered).toEqual([]);
    expect(agent.connected).toBe(false);
  });

  it('believes a CA file, unless it is not the pinned one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'runos-session-'));
    const caFile = join(folder, 'ca.pem');
    writeFileSync(caFile, plane.l1.certificatePem);
    const wrong = start(plane, { trust: { caFile, caSha256: '0'.repeat(64) } });
    const right = start(plane, {
      trust: { caFile, caSha256: `sha256:${sha256(plane.l1.certificatePem).toUpperCase()}` },
    });
    await plane.until(() => right.connected);
    expect(plane.registered).toHaveLength(1);
    expect(wrong.connected).toBe(false);
    rmSync(folder, { recursive: true });
  });

  it('does not present a refused token again, and goes on asking for a certificate to be put there', async () => {
    plane.onRegister = async () => Promise.reject(refusal('registration-refused'));
    const store = new MemoryStore();
    const agent = start(plane, { store });
    await plane.until(() => plane.registered.length === 1);
    const donor = new MemoryStore();
    plane.onRegister = async (asked) => ({
      publicKey: await plane.issue(asked.csrPem),
      caCert: plane.l2.certificatePem,
    });
    const other = start(plane, { store: donor, token: 'another' });
    await plane.until(() => other.connected);
    store.kept = donor.kept;
    await plane.until(() => agent.connected);
    expect(plane.registered.map(({ token }) => token)).toEqual(['runos_reg_x', 'another']);
  });

  it('tries again while the plane is busy, with the same token', async () => {
    let tries = 0;
    const accept = plane.onRegister;
    plane.onRegister = (asked) =>
      ++tries < 3 ? Promise.reject(refusal('plane-busy', status.UNAVAILABLE)) : accept(asked);
    const agent = start(plane);
    await plane.until(() => agent.connected);
    expect(tries).toBe(3);
  });

  it('does not lose what its token bought when it cannot be saved at once', async () => {
    const store = new MemoryStore();
    store.failures = 2;
    const agent = start(plane, { store });
    await plane.until(() => agent.connected);
    expect(plane.registered).toHaveLength(1);
    expect(store.saves).toBe(1);
  });
});

describe('an agent whose certificate is not wanted any more', () => {
  it('registers again with a token that it has not used yet', async () => {
    const store = new MemoryStore();
    const first = start(plane, { store });
    await plane.until(() => first.connected);
    await first.stop();
    const old = certificateFacts(store.kept!.certificate).serial;
    plane.onStream = (stream) => {
      const revoked = plane.serials.at(-1) === old;
      if (revoked) stream.emit('error', refusal('certificate-revoked'));
    };
    const second = start(plane, { store, token: 'a new one' });
    await plane.until(() => second.connected);
    expect(plane.registered.map(({ token }) => token)).toEqual(['runos_reg_x', 'a new one']);
    expect(certificateFacts(store.kept!.certificate).serial).not.toBe(old);
  });
});
