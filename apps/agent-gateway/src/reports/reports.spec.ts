import { randomBytes, randomUUID, X509Certificate } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  AgentHello,
  BundleStatus,
  ClusterAgentHeartbeatToServer,
  encodeJson,
  errorIn,
  GetCachedCert,
  RESYNC,
  StoreCert,
  streamService,
} from '@runos/agent-protocol';
import { createSigningRequest } from '@runos/pki';
import { callAs, refusalTo, registerAt, SpecAgent } from '../../test/spec-agent.js';
import { nobodys } from '../../test/spec-neighbours.js';
import { type Replica, SpecPlane } from '../../test/spec-plane.js';

type Registered = Awaited<ReturnType<typeof registerAt>>;

jest.setTimeout(20_000);

let plane: SpecPlane;
let replica: Replica;
let cluster: Registered;
let node: Registered;
const agents: SpecAgent[] = [];

async function registered(kind: 'node' | 'cluster-agent', machineId: string): Promise<Registered> {
  const { token } = await plane.token(kind);
  return registerAt(replica.registerPort, replica.gateway.registerCa, { token, kind, machineId });
}

beforeAll(async () => {
  plane = await SpecPlane.start();
  replica = await plane.replica();
  cluster = await registered('cluster-agent', 'uid-3');
  node = await registered('node', 'machine-3');
}, 30_000);
afterEach(() => agents.splice(0).forEach((agent) => agent.stop()));
afterAll(() => plane.stop());

function dial(proof: Registered, kind: 'node' | 'cluster-agent' = 'cluster-agent'): SpecAgent {
  const agent = new SpecAgent(replica.streamPort, proof, kind);
  agents.push(agent);
  return agent;
}

const beating = { type: ClusterAgentHeartbeatToServer.type, jsonB64: '', tag: 'a-beat' };
const statusOf = (osid: string, generation = 1) => ({
  osid,
  generation,
  digest: 'ab'.repeat(32),
  phase: 'ready',
  conditions: [],
  objects: [],
});

const ofStatus = () => plane.neighbours.audit.filter(({ action }) => action === 'agent.status');

describe('a bundle’s status', () => {
  it('goes to the reconciler for the account and cluster of the certificate, and is acknowledged', async () => {
    await dial(cluster).ask(BundleStatus, statusOf('valkey-00ky3', 4));
    expect(plane.neighbours.statuses).toEqual([{ aid: 'abcde', cid: 'ky3', osid: 'valkey-00ky3', generation: 4 }]);
  });

  it('about an instance of another cluster is not taken, answered as one about nothing, and audited', async () => {
    const agent = dial(cluster);
    const { statuses } = plane.neighbours;
    const before = [...statuses];
    const answerAbout = async (osid: string) => {
      const { type, jsonB64 } = await agent.exchange({
        ...{ type: BundleStatus.type, jsonB64: encodeJson(statusOf(osid)), tag: randomUUID() },
      });
      return { type, jsonB64 };
    };
    const answer = await answerAbout('valkey-00ky4');
    await plane.neighbours.until(() => ofStatus().length > 0);
    expect(answer).toEqual(await answerAbout(nobodys));
    expect(ofStatus()).toEqual([
      expect.objectContaining({ aid: 'abcde', subject: 'ky3/valkey-00ky4', outcome: 'refused' }),
    ]);
    expect(statuses).toEqual(before);
  });

  it('about others without end is taken not once, and cannot flood the audit log', async () => {
    const before = ofStatus().length;
    const { statuses } = plane.neighbours;
    const taken = statuses.length;
    const agent = dial(cluster);
    await Promise.all(
      Array.from({ length: 60 }, (_, n) => agent.ask(BundleStatus, statusOf(`valkey-q${String(n).padStart(4, '0')}`))),
    );
    await plane.neighbours.until(() => ofStatus().length > before);
    expect(statuses).toHaveLength(taken);
    expect(ofStatus().length - before).toBeLessThan(15);
  });

  it('or heartbeat that names another account, cluster or node is refused and audited', async () => {
    const agent = dial(cluster);
    for (const claim of [{ aid: 'zzzz0' }, { cid: 'ky4' }, { nid: 'n0001' }]) {
      await expect(agent.ask(ClusterAgentHeartbeatToServer, claim)).rejects.toThrow(/is about another/);
      await expect(agent.ask(BundleStatus, { ...statusOf('valkey-00ky3'), ...claim })).rejects.toThrow(/another/);
    }
    expect(plane.neighbours.audit.at(-1)).toMatchObject({
      ...{ aid: 'abcde', action: 'agent.identity', outcome: 'refused' },
      ...{ subject: 'ky3/BundleStatus', detail: { reason: 'it speaks for another node' } },
    });
    await agent.ask(ClusterAgentHeartbeatToServer, { aid: 'abcde', cid: 'ky3', nid: '' });
  });

  it('is not for a node agent to give', async () => {
    await expect(dial(node, 'node').ask(BundleStatus, statusOf('valkey-00ky3'))).rejects.toThrow('not for a node');
  });
});

describe('the comparison of what is stored', () => {
  it('begins with the hello, and goes on as the reconciler answers', async () => {
    const agent = dial(cluster);
    const hello = { version: '1', capabilities: ['bundles/1'], root: '0'.repeat(32) };
    expect(await agent.ask(AgentHello, { ...hello, count: 0 })).toEqual({ inSync: true });
    expect(await agent.ask(AgentHello, { ...hello, count: 1 })).toEqual({ inSync: false });
    plane.neighbours.reconcilerIsAway = true;
    expect(await agent.ask(AgentHello, { ...hello, count: 2 })).toEqual({ inSync: null });
    plane.neighbours.reconcilerIsAway = false;
    const buckets = Array.from({ length: 256 }, () => '0'.repeat(32));
    expect(await agent.ask(RESYNC, { step: 'buckets', buckets })).toEqual({ differing: [7] });
    const entries = [{ osid: 'valkey-00ky3', revision: 1, digest: 'ab'.repeat(32) }];
    expect(await agent.ask(RESYNC, { step: 'list', buckets: [7], entries, last: true })).toEqual({
      unknown: ['valkey-00ky3'],
    });
  });

  it('is told nothing of whose an instance is, if it is another cluster’s; that is audited', async () => {
    const entries = [{ osid: 'valkey-00ky4', revision: 1, digest: 'ab'.repeat(32) }];
    const answer = await dial(cluster).ask(RESYNC, { step: 'list', buckets: [7], entries, last: true });
    expect(answer).toEqual({ unknown: ['valkey-00ky4'] });
    await plane.neighbours.until(() => plane.neighbours.audit.at(-1)?.action === 'agent.resync');
    expect(plane.neighbours.audit.at(-1)).toMatchObject({
      ...{ aid: 'abcde', action: 'agent.resync', subject: 'ky3/valkey-00ky4', outcome: 'refused' },
    });
  });
});

describe('older cluster agents', () => {
  it('are told that their certificates are not kept here', async () => {
    const agent = dial(cluster);
    expect(await agent.ask(GetCachedCert, { domain: 'ky3.abcde.example.org' })).toMatchObject({
      found: false,
      pending: false,
    });
    const pems = { tlsCert: 'YQ==', tlsKey: 'YQ==', caCert: 'YQ==' };
    expect(await agent.ask(StoreCert, { domain: 'ky3.abcde.example.org', ...pems })).toMatchObject({ success: false });
    agent.say({ type: 'Dns01ToServer', jsonB64: encodeJson({ key: 'x' }), tag: 'one-way' });
    await agent.beat();
    expect(agent.heard.some(({ tag }) => tag === 'one-way')).toBe(false);
  });
});

describe('hostile messages', () => {
  it.each([
    ['of an unknown type', { type: 'FormatDisk', jsonB64: '' }, /No handler found/],
    ['with a name of an object’s own', { type: '__proto__', jsonB64: '' }, /No handler found/],
    ['that are no base64', { type: 'BundleStatus', jsonB64: '%%%' }, /not base64/],
    ['that are no JSON', { type: 'BundleStatus', jsonB64: randomBytes(64).toString('base64') }, /not JSON/],
    [
      'that are nested too deeply',
      { type: 'BundleStatus', jsonB64: Buffer.from('['.repeat(90_000)).toString('base64') },
      /JSON/,
    ],
    ['with wrong fields', { type: 'BundleStatus', jsonB64: encodeJson({ osid: 7 }) }, /osid/],
    ['that are too large', { type: 'BundleStatus', jsonB64: 'a'.repeat(1_100_000) }, /too large/],
    ['with a type that never ends', { type: 'B'.repeat(5_000), jsonB64: '' }, /too large/],
  ])('%s get an error with their tag, and the stream lives on', async (_, sent, problem) => {
    const agent = dial(cluster);
    const answer = await agent.exchange({ ...sent, tag: randomUUID() });
    expect(errorIn(answer)).toMatch(problem);
    await agent.beat();
  });

  it('that look like answers are answered by nobody; if nothing like that was asked, that is audited', async () => {
    const agent = dial(cluster);
    const ofAnswers = () => plane.neighbours.audit.filter(({ action }) => action === 'agent.answer');
    agent.say({ type: 'ERROR', jsonB64: '', tag: (await agent.exchange(beating)).tag });
    agent.say({ type: 'ERROR', jsonB64: 'late', tag: 'late-1' });
    agent.say({ type: 'DELETE_BUNDLE_RESPONSE', jsonB64: '', tag: 'late-2' });
    await agent.beat();
    expect(agent.heard.some(({ tag }) => tag.startsWith('late'))).toBe(false);
    await plane.neighbours.until(() => ofAnswers().length === 2);
    expect(ofAnswers().map(({ aid, subject }) => [aid, subject])).toEqual([
      ['abcde', 'ky3/ERROR'],
      ['abcde', 'ky3/DELETE_BUNDLE_RESPONSE'],
    ]);
  });

  it('in a flood are slowed down, not lost, and hold up nobody else', async () => {
    const [flooder, quiet] = [dial(cluster), dial(node, 'node')];
    const started = performance.now();
    const flood = Promise.all(Array.from({ length: 1_300 }, () => flooder.beat()));
    await quiet.beat();
    const quietTook = performance.now() - started;
    await flood;
    const floodTook = performance.now() - started;
    expect(floodTook).toBeGreaterThan(500);
    expect(quietTook).toBeLessThan(floodTook);
  });
});

describe('streams opened one after the other without end', () => {
  it('are refused after a while, for that agent only', async () => {
    const restless = await registered('node', 'restless');
    const streams = Array.from({ length: 60 }, () => dial(restless, 'node'));
    const slowedDown = streams.map(
      ({ ended }) =>
        new Promise<number>((resolve) => {
          void ended.then(({ code, refusal }) => refusal === 'rate-exceeded' && resolve(code));
        }),
    );
    expect(await Promise.race(slowedDown)).toBe(status.RESOURCE_EXHAUSTED);
    await dial(node, 'node').beat();
  });
});

describe('calls beside the stream', () => {
  it('are answered as older node agents need it', async () => {
    const call = <In, Out>(method: Parameters<typeof callAs<In, Out>>[2], request: In) =>
      callAs(replica.streamPort, node, method, request);
    const log = {
      type: 'NodeInstallation',
      severity: 3,
      message: 'done',
      code: '',
      cause: '',
      remedy: '',
      docs_url: '',
    };
    expect(await call(streamService.AddNodelog, log)).toEqual({});
    expect(await call(streamService.ManualSync, { nodePeer: null, nodeIsReady: true })).toEqual({ peers: [] });
    expect(await call(streamService.GetControlPlaneNodes, {})).toEqual({ ControlPlaneNodes: [] });
    expect(await call(streamService.UpdateStatus, { status: 'ok' })).toEqual({});
    expect(await call(streamService.GetInstallVpnCommands, {})).toEqual({ commands: [] });
    expect(await call(streamService.GetInstallCommands, { jsonB64FileList: 'e30=' })).toEqual({ commands: [] });
    expect(await refusalTo(call(streamService.GetClusterAgentCredentials, {}))).toMatchObject({
      code: status.UNIMPLEMENTED,
    });
  });

  it('need a certificate of ours', async () => {
    const stranger = { caCert: node.caCert };
    const call = callAs(replica.streamPort, stranger, streamService.GetControlPlaneNodes, {});
    expect(await refusalTo(call)).toMatchObject({ code: status.UNAVAILABLE });
  });
});

describe('a renewed certificate', () => {
  it('is for the same agent; the old one is good until the new one has been in use for a while', async () => {
    const { keyPem, csrPem } = await createSigningRequest();
    const { RegenerateCertificate } = streamService;
    const fresh = await callAs(replica.streamPort, cluster, RegenerateCertificate, { csrPem });
    expect(fresh.privateKey).toBe('');
    expect(new X509Certificate(fresh.publicKey).subjectAltName).toBe('URI:runos://abcde/ky3/cluster');
    const old = dial(cluster);
    await old.beat();
    const renewed: Registered = { ...cluster, ...fresh, privateKey: keyPem };
    await callAs(replica.streamPort, renewed, streamService.GetControlPlaneNodes, {});
    await old.beat();
    expect(await old.ended).toMatchObject({ refusal: 'certificate-revoked' });
    await dial(renewed).beat();
  });

  it('comes with a key for an agent that makes none, and not at all for a request that proves none', async () => {
    const { RegenerateCertificate } = streamService;
    const made = await callAs(replica.streamPort, node, RegenerateCertificate, { csrPem: '' });
    expect(made.privateKey).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
    const refused = callAs(replica.streamPort, node, RegenerateCertificate, { csrPem: 'nonsense' });
    expect(await refusalTo(refused)).toMatchObject({ refusal: 'request-invalid' });
  });
});
