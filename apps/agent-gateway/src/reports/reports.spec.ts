import { randomBytes, randomUUID, X509Certificate } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
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
import { callAs, refusalOf } from '../../test/test-agent.js';
import { unknownInstance } from '../../test/fake-services.js';
import { RegisteredAgents } from '../../test/registered-agents.js';

const agents = RegisteredAgents.use();
const heartbeat = { type: ClusterAgentHeartbeatToServer.type, jsonB64: '', tag: 'heartbeat-1' };
const statusOf = (osid: string, generation = 1) => ({
  osid,
  generation,
  digest: 'ab'.repeat(32),
  phase: 'ready',
  conditions: [],
  objects: [],
});

const statusRefusals = () => agents.harness.services.audit.filter(({ action }) => action === 'agent.status');

describe('a bundle’s status', () => {
  it('is sent to the reconciler for the account and cluster of the certificate, and acknowledged', async () => {
    await agents.dial(agents.cluster).request(BundleStatus, statusOf('valkey-00ky3', 4));
    expect(agents.harness.services.statuses).toEqual([
      expect.objectContaining({ aid: 'abcde', cid: 'ky3', osid: 'valkey-00ky3', generation: 4 }),
    ]);
  });

  it('has the number of its session and its own number; those of older agents are numbered as they arrive', async () => {
    const { statuses } = agents.harness.services;
    statuses.length = 0;
    const numbering = agents.dial(agents.cluster);
    for (const sequence of [7, 9, 7]) {
      await numbering.request(BundleStatus, { ...statusOf('valkey-00ky3', sequence), sequence });
    }
    numbering.stop();
    const older = agents.dial(agents.cluster);
    await Promise.all([1, 2, 3].map((generation) => older.request(BundleStatus, statusOf('valkey-00ky3', generation))));
    const [first] = statuses.map(({ sessionNo }) => Number(sessionNo));
    const second = Number(statuses.at(-1)?.sessionNo);
    expect(second).toBeGreaterThan(Number(first));
    const numbers = statuses.map(({ sessionNo, generation, sequence }) => ({ sessionNo, generation, sequence }));
    expect(numbers.slice(0, 3)).toEqual(
      [7, 9, 7].map((each) => ({ sessionNo: first, generation: each, sequence: each })),
    );
    // Concurrent requests may pass each other on their way to the reconciler; the numbers do not.
    expect(numbers.slice(3).toSorted((a, b) => a.generation - b.generation)).toEqual(
      [1, 2, 3].map((each) => ({ sessionNo: second, generation: each, sequence: each })),
    );
  });

  it('about an instance of another cluster is ignored, gets the reply for an unknown instance, and is audited', async () => {
    const agent = agents.dial(agents.cluster);
    const { statuses } = agents.harness.services;
    const before = [...statuses];
    const answerAbout = async (osid: string) => {
      const { type, jsonB64 } = await agent.exchange({
        type: BundleStatus.type,
        jsonB64: encodeJson(statusOf(osid)),
        tag: randomUUID(),
      });
      return { type, jsonB64 };
    };
    const answer = await answerAbout('valkey-00ky4');
    await agents.harness.services.until(() => statusRefusals().length > 0);
    expect(answer).toEqual(await answerAbout(unknownInstance));
    expect(statusRefusals()).toEqual([
      expect.objectContaining({ aid: 'abcde', subject: 'ky3/valkey-00ky4', outcome: 'refused' }),
    ]);
    expect(statuses).toEqual(before);
  });

  it('about foreign instances is never accepted and cannot flood the audit log', async () => {
    const before = statusRefusals().length;
    const { statuses } = agents.harness.services;
    const accepted = statuses.length;
    const agent = agents.dial(agents.cluster);
    await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        agent.request(BundleStatus, statusOf(`valkey-q${String(n).padStart(4, '0')}`)),
      ),
    );
    await agents.harness.services.until(() => statusRefusals().length > before);
    expect(statuses).toHaveLength(accepted);
    expect(statusRefusals().length - before).toBeLessThan(15);
  });

  it('or heartbeat that names another account, cluster or node is refused and audited', async () => {
    const agent = agents.dial(agents.cluster);
    for (const claim of [{ aid: 'zzzz0' }, { cid: 'ky4' }, { nid: 'n0001' }]) {
      await expect(agent.request(ClusterAgentHeartbeatToServer, claim)).rejects.toThrow(/is about another/);
      await expect(agent.request(BundleStatus, { ...statusOf('valkey-00ky3'), ...claim })).rejects.toThrow(/another/);
    }
    expect(agents.harness.services.audit.at(-1)).toMatchObject({
      aid: 'abcde',
      action: 'agent.identity',
      outcome: 'refused',
      subject: 'ky3/BundleStatus',
      detail: { reason: 'it claims another node' },
    });
    await agent.request(ClusterAgentHeartbeatToServer, { aid: 'abcde', cid: 'ky3', nid: '' });
  });

  it('is refused for a node agent', async () => {
    await expect(agents.dial(agents.node, 'node').request(BundleStatus, statusOf('valkey-00ky3'))).rejects.toThrow(
      'not for a node',
    );
  });
});

describe('the resync exchange', () => {
  it('is not for a node, whose hello has no inventory to compare', async () => {
    const [node, root] = [agents.dial(agents.node, 'node'), '0'.repeat(32)];
    expect(await node.request(AgentHello, { version: '1', capabilities: [], root, count: 0 })).toEqual({});
    await expect(node.request(RESYNC, { step: 'root', count: 0, root })).rejects.toThrow('not for a node');
  });

  it('starts with the hello and continues with the replies of the reconciler', async () => {
    const agent = agents.dial(agents.cluster);
    const hello = { version: '1', capabilities: ['bundles/1'], root: '0'.repeat(32) };
    expect(await agent.request(AgentHello, { ...hello, count: 0 })).toMatchObject({ inSync: true });
    expect(await agent.request(AgentHello, { ...hello, count: 1 })).toMatchObject({ inSync: false });
    agents.harness.services.reconcilerUnavailable = true;
    expect(await agent.request(AgentHello, { ...hello, count: 2 })).toMatchObject({ inSync: null });
    agents.harness.services.reconcilerUnavailable = false;
    const buckets = Array.from({ length: 256 }, () => '0'.repeat(32));
    expect(await agent.request(RESYNC, { step: 'buckets', buckets })).toEqual({ differing: [7] });
    const entries = [{ osid: 'valkey-00ky3', revision: 1, digest: 'ab'.repeat(32) }];
    expect(await agent.request(RESYNC, { step: 'list', buckets: [7], entries, last: true })).toEqual({
      unknown: ['valkey-00ky3'],
    });
  });

  it('does not reveal the cluster of a foreign instance, and is audited', async () => {
    const entries = [{ osid: 'valkey-00ky4', revision: 1, digest: 'ab'.repeat(32) }];
    const answer = await agents
      .dial(agents.cluster)
      .request(RESYNC, { step: 'list', buckets: [7], entries, last: true });
    expect(answer).toEqual({ unknown: ['valkey-00ky4'] });
    await agents.harness.services.until(() => agents.harness.services.audit.at(-1)?.action === 'agent.resync');
    expect(agents.harness.services.audit.at(-1)).toMatchObject({
      aid: 'abcde',
      action: 'agent.resync',
      subject: 'ky3/valkey-00ky4',
      outcome: 'refused',
    });
  });
});

describe('older cluster agents', () => {
  it('get the reply that certificates are not stored', async () => {
    const agent = agents.dial(agents.cluster);
    expect(await agent.request(GetCachedCert, { domain: 'ky3.abcde.example.org' })).toMatchObject({
      found: false,
      pending: false,
    });
    const pems = { tlsCert: 'YQ==', tlsKey: 'YQ==', caCert: 'YQ==' };
    expect(await agent.request(StoreCert, { domain: 'ky3.abcde.example.org', ...pems })).toMatchObject({
      success: false,
    });
    agent.send({ type: 'Dns01ToServer', jsonB64: encodeJson({ key: 'x' }), tag: 'one-way' });
    await agent.heartbeat();
    expect(agent.received.some(({ tag }) => tag === 'one-way')).toBe(false);
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
  ])('%s get an error with their tag, and the stream stays open', async (_, sent, problem) => {
    const agent = agents.dial(agents.cluster);
    const answer = await agent.exchange({ ...sent, tag: randomUUID() });
    expect(errorIn(answer)).toMatch(problem);
    await agent.heartbeat();
  });

  it('that look like replies get no reply; they are audited if no such instruction was sent', async () => {
    const agent = agents.dial(agents.cluster);
    const replyRefusals = () => agents.harness.services.audit.filter(({ action }) => action === 'agent.reply');
    agent.send({ type: 'ERROR', jsonB64: '', tag: (await agent.exchange(heartbeat)).tag });
    agent.send({ type: 'ERROR', jsonB64: 'late', tag: 'late-1' });
    agent.send({ type: 'DELETE_BUNDLE_RESPONSE', jsonB64: '', tag: 'late-2' });
    await agent.heartbeat();
    expect(agent.received.some(({ tag }) => tag.startsWith('late'))).toBe(false);
    await agents.harness.services.until(() => replyRefusals().length === 2);
    expect(replyRefusals().map(({ aid, subject }) => [aid, subject])).toEqual([
      ['abcde', 'ky3/ERROR'],
      ['abcde', 'ky3/DELETE_BUNDLE_RESPONSE'],
    ]);
  });

  it('in a flood are delayed, not lost, and do not delay other agents', async () => {
    const [flooder, quiet] = [agents.dial(agents.cluster), agents.dial(agents.node, 'node')];
    const started = performance.now();
    let isAnswered = false;
    const flood = Promise.all(Array.from({ length: 2_100 }, () => flooder.heartbeat())).then(() => (isAnswered = true));
    await quiet.heartbeat();
    expect(isAnswered).toBe(false);
    await flood;
    // More than the burst and two periods of the steady rate, so at least one whole period passes.
    expect(performance.now() - started).toBeGreaterThan(900);
  });
});

describe('streams opened in quick succession', () => {
  it('are refused above the rate limit, for that agent only', async () => {
    const frequent = await agents.register('node', 'frequent');
    const streams = Array.from({ length: 60 }, () => agents.dial(frequent, 'node'));
    const slowedDown = streams.map(
      ({ ended }) =>
        new Promise<number>((resolve) => {
          void ended.then(({ code, refusal }) => refusal === 'rate-exceeded' && resolve(code));
        }),
    );
    expect(await Promise.race(slowedDown)).toBe(status.RESOURCE_EXHAUSTED);
    await agents.dial(agents.node, 'node').heartbeat();
  });
});

describe('unary calls', () => {
  it('get the replies that older node agents expect', async () => {
    const call = <In, Out>(method: Parameters<typeof callAs<In, Out>>[2], request: In) =>
      callAs(agents.replica.streamPort, agents.node, method, request);
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
    expect(await refusalOf(call(streamService.GetClusterAgentCredentials, {}))).toMatchObject({
      code: status.UNIMPLEMENTED,
    });
  });

  it('need a certificate that the gateway has issued', async () => {
    const unauthenticated = { caCert: agents.node.caCert };
    const call = callAs(agents.replica.streamPort, unauthenticated, streamService.GetControlPlaneNodes, {});
    expect(await refusalOf(call)).toMatchObject({ code: status.UNAVAILABLE });
  });
});

describe('a renewed certificate', () => {
  it('is for the same agent; the old one is revoked some time after the first use of the new one', async () => {
    const { keyPem, csrPem } = await createSigningRequest();
    const { RegenerateCertificate } = streamService;
    const response = await callAs(agents.replica.streamPort, agents.cluster, RegenerateCertificate, { csrPem });
    expect(response.privateKey).toBe('');
    expect(new X509Certificate(response.publicKey).subjectAltName).toBe('URI:runos://abcde/ky3/cluster');
    const old = agents.dial(agents.cluster);
    await old.heartbeat();
    const renewed: typeof agents.cluster = { ...agents.cluster, ...response, privateKey: keyPem };
    await callAs(agents.replica.streamPort, renewed, streamService.GetControlPlaneNodes, {});
    await old.heartbeat();
    expect(await old.ended).toMatchObject({ refusal: 'certificate-revoked' });
    await agents.dial(renewed).heartbeat();
  });

  it('comes with a generated key for an agent without a request, and not at all for an invalid request', async () => {
    const { RegenerateCertificate } = streamService;
    const generated = await callAs(agents.replica.streamPort, agents.node, RegenerateCertificate, { csrPem: '' });
    expect(generated.privateKey).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
    const refused = callAs(agents.replica.streamPort, agents.node, RegenerateCertificate, { csrPem: 'nonsense' });
    expect(await refusalOf(refused)).toMatchObject({ refusal: 'request-invalid' });
  });
});
