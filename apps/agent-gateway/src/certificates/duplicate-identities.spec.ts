import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { streamService } from '@runos/agent-protocol';
import { proxyBalancer, version1 } from '../../test/proxy-balancer.js';
import { callAs, refusalOf, registerAt, TestAgent } from '../../test/test-agent.js';
import { Harness, type Replica } from '../../test/harness.js';

let harness: Harness;
let one: Replica;
let two: Replica;
const agents: TestAgent[] = [];
const balancers: { port: number; stop: () => void }[] = [];
beforeAll(async () => {
  harness = await Harness.start();
  const settings = { proxyProtocolFrom: '127.0.0.1' };
  [one, two] = await Promise.all([harness.replica(settings), harness.replica(settings)]);
});
afterEach(() => agents.splice(0).forEach((agent) => agent.stop()));
afterAll(async () => {
  balancers.forEach(({ stop }) => stop());
  await harness.stop();
});

type Registered = Awaited<ReturnType<typeof registerAt>>;

/** The port through which a client of this address reaches a port of the plane. */
async function portFor(address: string, port: number): Promise<number> {
  const balancer = await proxyBalancer(port, () => version1(address));
  balancers.push(balancer);
  return balancer.port;
}

async function registered(machineId: string, kind: 'node' | 'cluster-agent' = 'node'): Promise<Registered> {
  const { token } = await harness.token(kind);
  const port = await portFor('198.51.100.200', one.registerPort);
  return registerAt(port, one.registerCa, { token, kind, machineId });
}

/** Dials until the heartbeat is answered or the stream ends. */
async function dial(port: number, credentials: Registered, kind: 'node' | 'cluster-agent' = 'node') {
  const agent = new TestAgent(port, credentials, kind);
  agents.push(agent);
  await agent.heartbeat().catch(() => undefined);
  return agent;
}

const connection = (nid: string | null) => harness.services.connectionOf('ky3', nid);
const refused = { code: status.PERMISSION_DENIED, refusal: 'duplicate-identity' };

describe('two machines with one certificate', () => {
  it('are found at the third replacement; the later one is refused until it registers again', async () => {
    const credentials = await registered('cloned');
    const first = await portFor('203.0.113.1', one.streamPort);
    const later = await portFor('203.0.113.2', two.streamPort);
    const streams = [
      await dial(first, credentials),
      await dial(later, credentials),
      await dial(first, credentials),
      await dial(later, credentials),
    ];
    expect(await streams[3]?.ended).toMatchObject(refused);
    await harness.services.until(() => connection(credentials.nid)?.duplicateAddresses?.length === 2);
    expect(connection(credentials.nid)?.duplicateAddresses).toEqual(['203.0.113.1', '203.0.113.2']);
    await harness.services.until(() => connection(credentials.nid)?.ready === true);
    expect(connection(credentials.nid)?.connected).toBe(true);
    await streams[2]?.heartbeat();
    expect(await (await dial(later, credentials)).ended).toMatchObject(refused);
    const call = callAs(later, credentials, streamService.RegenerateCertificate, { csrPem: '' });
    expect(await refusalOf(call)).toMatchObject(refused);
    await streams[2]?.heartbeat();

    const copy = await registered('a machine id of its own'.replaceAll(' ', '-'));
    expect(copy.nid).not.toBe(credentials.nid);
    await (await dial(later, copy)).heartbeat();
    await streams[2]?.heartbeat();
  });

  it('are found when the earlier one causes the third replacement: it stays connected', async () => {
    const credentials = await registered('uid-5', 'cluster-agent');
    const first = await portFor('203.0.113.3', one.streamPort);
    const later = await portFor('203.0.113.4', one.streamPort);
    await dial(later, credentials, 'cluster-agent').then((agent) => agent.stop());
    await harness.services.until(() => connection(null)?.connected === false);
    const streams = [];
    for (const port of [first, later, first, later]) streams.push(await dial(port, credentials, 'cluster-agent'));
    // The later address of this test dialled before the other one.
    expect(await streams[2]?.ended).toMatchObject({ refusal: 'stream-replaced' });
    await streams[3]?.heartbeat();
    expect(connection(null)).toMatchObject({ duplicateAddresses: ['203.0.113.4', '203.0.113.3'], connected: true });
    expect(await (await dial(first, credentials, 'cluster-agent')).ended).toMatchObject(refused);
    await streams[3]?.heartbeat();
  });

  it('are no duplicate any more when the right one has registered again', async () => {
    const credentials = await registered('again');
    const ports = [await portFor('203.0.113.5', one.streamPort), await portFor('203.0.113.6', one.streamPort)];
    for (const port of [...ports, ...ports]) await dial(port, credentials);
    await harness.services.until(() => connection(credentials.nid)?.duplicateAddresses?.length === 2);
    const other = await registered('again');
    expect(other.nid).toBe(credentials.nid);
    await (await dial(ports[1] ?? 0, other)).heartbeat();
    await harness.services.until(() => connection(credentials.nid)?.duplicateAddresses === null);
  });

  it('are no duplicate any more when the later one has been silent for 10 minutes', async () => {
    const credentials = await registered('silent-copy');
    const ports = [await portFor('203.0.113.7', one.streamPort), await portFor('203.0.113.8', one.streamPort)];
    for (const port of [...ports, ...ports]) await dial(port, credentials);
    await harness.services.until(() => connection(credentials.nid)?.duplicateAddresses?.length === 2);
    await harness.sql.query(`UPDATE agent SET duplicate_seen_at = now() - interval '11 min' WHERE nid = $1`, [
      credentials.nid,
    ]);
    await harness.services.until(() => connection(credentials.nid)?.duplicateAddresses === null);
  });
});

describe('one machine', () => {
  it('that dials often, or from another address, is no duplicate', async () => {
    const credentials = await registered('moving');
    const home = await portFor('203.0.113.9', one.streamPort);
    for (let n = 0; n < 6; n += 1) await dial(home, credentials);
    for (let n = 10; n < 16; n += 1) await dial(await portFor(`203.0.113.${n}`, one.streamPort), credentials);
    await agents.at(-1)?.heartbeat();
    expect(connection(credentials.nid)).toMatchObject({ duplicateAddresses: null, connected: true });
  });
});
