import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { proxyBalancer, version1, version2 } from '../../test/proxy-balancer.js';
import { refusalOf, registerAt, TestAgent } from '../../test/test-agent.js';
import { Harness, type Replica } from '../../test/harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(() => harness.stop());

const refusals = () => harness.services.audit.filter(({ action }) => action === 'agent.register');
const outcomes = (port: number, { registerCa }: Replica, token: string, count: number, aid = 'abcde') =>
  Promise.all(Array.from({ length: count }, () => refusalOf(registerAt(port, registerCa, { token, aid }))));
const withCode = (all: readonly unknown[], refusal: string) =>
  all.filter((outcome) => (outcome as { refusal?: string }).refusal === refusal);

describe('registrations without a valid token', () => {
  it('of no account write no audit entry, whatever account they name', async () => {
    const replica = await harness.replica();
    const unknown = `runos_reg_aaaaaaaaaaaa.${'a'.repeat(43)}`;
    for (const token of [unknown, 'runos_pat_x', ''])
      expect(withCode(await outcomes(replica.registerPort, replica, token, 4), 'registration-refused')).toHaveLength(4);
    const { token } = await harness.token();
    expect(await refusalOf(registerAt(replica.registerPort, replica.registerCa, { token }))).toBe('accepted');
    expect(refusals()).toEqual([]);
    const logged = harness.logLines.filter(({ msg }) => msg === 'registration without a known token refused');
    expect(logged).toHaveLength(12);
    expect(logged[0]).toMatchObject({ level: 'warn', from: '127.0.0.1', reason: 'there is no such token' });
    expect(logged[0]).not.toHaveProperty('aid');
  });

  it('of an account write few audit entries', async () => {
    const replica = await harness.replica();
    const { token } = await harness.token();
    const guess = `${token.slice(0, -2)}__`;
    const all = await outcomes(replica.registerPort, replica, guess, 40);
    expect(withCode(all, 'registration-refused')).toHaveLength(40);
    await harness.services.until(() => refusals().length >= 10);
    expect(refusals().length).toBeLessThan(15);
    expect(refusals()[0]).toMatchObject({ aid: 'abcde', outcome: 'refused', subject: 'from 127.0.0.1' });
    expect(refusals()[0]?.detail.reason).toMatch(/secret is wrong/);
  });
});

describe('registrations through a TCP balancer', () => {
  const headers = { 'version 1': version1, 'version 2': version2 };

  it.each(Object.entries(headers))('are counted per client, which %s of the header names', async (_, header) => {
    const replica = await harness.replica({ proxyProtocolFrom: '10.1.0.0/16, 127.0.0.1' });
    let client = '2001:db8:0:1:0:0:0:1';
    const balancer = await proxyBalancer(replica.registerPort, () => header(client));
    // Two calls per second are allowed after the burst of 58, also while a slow machine makes them.
    const flood = await outcomes(balancer.port, replica, 'runos_pat_x', 100);
    expect(withCode(flood, 'rate-exceeded').length).toBeGreaterThan(0);
    client = '2001:db8:0:1:ffff:0:0:2';
    const neighbours = await outcomes(balancer.port, replica, 'runos_pat_x', 20);
    expect(withCode(neighbours, 'rate-exceeded').length).toBeGreaterThan(0);
    client = '203.0.113.7';
    const { token } = await harness.token();
    expect(await refusalOf(registerAt(balancer.port, replica.registerCa, { token }))).toBe('accepted');
    expect(await refusalOf(registerAt(balancer.port, replica.registerCa, { token }))).not.toBe('accepted');
    await harness.services.until(() => refusals().at(-1)?.subject === 'from 203.0.113.7');
    balancer.stop();
  });

  it('open streams as well', async () => {
    const replica = await harness.replica({ proxyProtocolFrom: '127.0.0.0/8' });
    const register = await proxyBalancer(replica.registerPort, () => version2('203.0.113.8'));
    const stream = await proxyBalancer(replica.streamPort, () => version1('203.0.113.8'));
    const { token } = await harness.token();
    const agent = new TestAgent(stream.port, await registerAt(register.port, replica.registerCa, { token }));
    await agent.heartbeat();
    agent.stop();
    for (const balancer of [register, stream]) balancer.stop();
  });

  it('are refused without a header from the balancer, and with a header from elsewhere', async () => {
    const [trusting, other] = await Promise.all([
      harness.replica({ proxyProtocolFrom: '127.0.0.1' }),
      harness.replica({ proxyProtocolFrom: '10.0.0.0/8' }),
    ]);
    const { token } = await harness.token();
    const attempt = (port: number, { registerCa }: Replica) => refusalOf(registerAt(port, registerCa, { token }));
    expect(await attempt(trusting.registerPort, trusting)).not.toBe('accepted');
    const forger = await proxyBalancer(other.registerPort, () => version1('203.0.113.9'));
    expect(await attempt(forger.port, other)).not.toBe('accepted');
    forger.stop();
    const silent = connect(trusting.registerPort, '127.0.0.1');
    silent.write('PROXY TCP4 ');
    const slow = performance.now();
    await once(silent.resume(), 'close');
    expect(performance.now() - slow).toBeGreaterThan(4_000);
    expect(await attempt(other.registerPort, other)).toBe('accepted');
  });

  it.each(['10.0.0.0/33', '0.0.0.0/0', '::/0', 'balancer.example.org', '10.0.0.1/8/8', '10.0.0.1;10.0.0.2'])(
    'cannot be configured for %s',
    async (proxyProtocolFrom) => {
      await expect(harness.replica({ proxyProtocolFrom })).rejects.toThrow(/RUNOS_PROXY_PROTOCOL_FROM/);
    },
  );
});
