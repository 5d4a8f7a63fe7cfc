import { status as grpcStatus } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  BundleStatus,
  type Envelope,
  errorIn,
  GetControlPlaneNodes,
  instructionEnvelope,
  DELETE_BUNDLE,
} from '@runos/agent-protocol';
import { type HalfOpenProxy, halfOpenProxy } from '@runos/testing-basics';
import type { AgentSession } from './agent-session.js';
import { certificateFacts } from './credentials/agent-credentials.js';
import { MemoryStore, startSession } from '../test/test-session.js';
import { FakePlane } from '../test/fake-plane.js';

let plane: FakePlane;
let agents: AgentSession[];
let proxy: HalfOpenProxy | undefined;
beforeEach(async () => {
  agents = [];
  plane = await FakePlane.start();
});
afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.stop()));
  proxy?.stop();
  plane.close();
});

const start = (...args: Parameters<typeof startSession>): AgentSession => {
  const agent = startSession(...args);
  agents.push(agent);
  return agent;
};

const digest = 'ab'.repeat(32);
const status = (generation: number, phase = 'ready') => ({
  osid: 'valkey-3f9k2',
  generation,
  digest,
  phase,
  conditions: [],
  objects: [],
});
const receivedGenerations = () =>
  plane.reports.flatMap((report) => (report.type === 'BundleStatus' ? [report.body.generation] : []));
const heartbeats = () => plane.reports.filter(({ type }) => type === 'NodeAgentHeartbeatToServer').length;

describe('a session', () => {
  it('sends heartbeats and is connected', async () => {
    const agent = start(plane);
    expect(agent.isConnected).toBe(false);
    await plane.until(() => heartbeats() >= 3);
    expect(agent.isConnected).toBe(true);
    expect(plane.streams).toHaveLength(1);
  });

  it('dials again when one heartbeat has no reply', async () => {
    plane.onReport = ({ type }) =>
      type === 'NodeAgentHeartbeatToServer' && plane.streams.length === 1 && heartbeats() > 2
        ? undefined
        : {
            isHealthy: true,
            message: '',
          };
    start(plane, { timing: { heartbeatReplyTimeoutMs: 500 } });
    await plane.until(() => plane.streams.length >= 2 && heartbeats() > 4);
  });

  it('closes a half-open connection', async () => {
    proxy = await halfOpenProxy(plane.ports.streamPort);
    const ports = { registerPort: plane.ports.registerPort, streamPort: proxy.port };
    const agent = start(plane, { server: { host: '127.0.0.1', ...ports }, timing: { heartbeatReplyTimeoutMs: 1_000 } });
    await plane.until(() => heartbeats() >= 1);
    proxy.freeze();
    await plane.until(() => plane.streams.length >= 2 && agent.isConnected);
  });

  it('reconnects when the plane is available again', async () => {
    const agent = start(plane);
    await plane.until(() => agent.isConnected);
    plane.close();
    await plane.until(() => !agent.isConnected);
    await expect(agent.request(GetControlPlaneNodes, {})).rejects.toMatchObject({ code: 'unavailable' });
    await plane.open();
    await plane.until(() => agent.isConnected);
  });

  it('uses a certificate that was replaced in the store at the next dial', async () => {
    const [store, donor] = [new MemoryStore(), new MemoryStore()];
    const agent = start(plane, { store });
    const other = start(plane, { store: donor });
    await plane.until(() => agent.isConnected && other.isConnected);
    store.stored = donor.stored;
    agent.redial('the certificate was replaced');
    await plane.until(() => plane.streams.length === 3);
    expect(plane.serials[2]).toBe(certificateFacts(donor.credentials.certificate).serial);
  });

  it('renews a certificate before it expires, verifies the new one, and dials with it', async () => {
    plane.onRegister = async ({ csrPem }) => ({
      publicKey: await plane.issue(csrPem, 0.0001),
      caCert: plane.l2.certificatePem,
    });
    const store = new MemoryStore();
    const agent = start(plane, { store });
    await plane.until(() => plane.streams.length >= 2 && agent.isConnected);
    expect(store.saves).toBe(2);
    expect(plane.serials[1]).toBe(certificateFacts(store.credentials.certificate).serial);
  });

  it('keeps its certificate when the plane rejects the new one', async () => {
    const store = new MemoryStore();
    const agent = start(plane, { store });
    await plane.until(() => agent.isConnected);
    const before = store.stored;
    plane.onRenew = async () => plane.l1.certificatePem;
    await expect(agent.renew()).rejects.toThrow();
    expect(store.stored).toBe(before);
    expect(agent.isConnected).toBe(true);
  });

  it('does not use a renewed certificate that it could not save, because the plane would revoke the old one', async () => {
    const store = new MemoryStore();
    const agent = start(plane, { store });
    await plane.until(() => agent.isConnected);
    const before = store.stored;
    store.failures = 1;
    await expect(agent.renew()).rejects.toThrow('the disk is full');
    expect([store.stored, plane.verifications, agent.isConnected]).toEqual([before, 0, true]);
    await agent.renew();
    expect(store.stored).not.toBe(before);
  });

  it('keeps a renewed certificate when an outage leaves open whether the plane has seen it', async () => {
    const store = new MemoryStore();
    const agent = start(plane, { store });
    await plane.until(() => agent.isConnected);
    const before = store.stored;
    const refuse = (code: grpcStatus, details: string) =>
      Promise.reject(Object.assign(new Error(details), { code, details }));
    plane.onVerify = () => refuse(grpcStatus.UNAUTHENTICATED, 'unknown certificate');
    await expect(agent.renew()).rejects.toThrow('unknown certificate');
    expect(store.stored).toBe(before);
    plane.onVerify = () => refuse(grpcStatus.UNAVAILABLE, 'stopping');
    await expect(agent.renew()).rejects.toThrow('stopping');
    expect(store.stored).not.toBe(before);
  });
});

describe('instructions', () => {
  const sendInstruction = (input: { readonly type?: string; readonly osid?: string }): Promise<Envelope> =>
    new Promise((resolve, reject) => {
      const [stream] = plane.streams;
      if (stream === undefined) return reject(new Error('there is no stream'));
      stream.on('data', (envelope: Envelope) => envelope.tag === 'tag-1' && resolve(envelope));
      stream.write({
        ...instructionEnvelope(DELETE_BUNDLE, input as never, 'tag-1'),
        ...('type' in input ? input : {}),
      });
    });
  const input = { osid: 'valkey-3f9k2', generation: 2, revision: 3 };

  it('call their handler, and the plane receives the reply', async () => {
    const agent = start(plane, { handlers: { DELETE_BUNDLE: async ({ revision }) => ({ accepted: revision === 3 }) } });
    await plane.until(() => agent.isConnected);
    const answer = await sendInstruction(input);
    expect(answer.type).toBe('DELETE_BUNDLE_RESPONSE');
    expect(JSON.parse(Buffer.from(answer.jsonB64, 'base64').toString())).toEqual({ accepted: true });
  });

  it.each([
    ['of an unknown type', { type: 'FLY_TO_MOON' }, 'No handler found for message type: FLY_TO_MOON'],
    ['with a wrong payload', { osid: 'x' }, /osid/],
    ['whose handler fails', input, 'Error processing DELETE_BUNDLE: the disk is full'],
  ])('%s get an error reply, and the stream stays open', async (_, sent, message) => {
    const agent = start(plane, {
      handlers: { DELETE_BUNDLE: async () => Promise.reject(new Error('the disk is full')) },
    });
    await plane.until(() => agent.isConnected);
    expect(errorIn(await sendInstruction(sent))).toMatch(message);
    expect(agent.isConnected).toBe(true);
  });
});

describe('a posted message', () => {
  it('is repeated over several streams until it is acknowledged; only the newest one per resource is sent', async () => {
    let ignoresStatuses = true;
    plane.onReport = ({ type }) =>
      type === 'BundleStatus' && ignoresStatuses ? undefined : { isHealthy: true, message: '' };
    const agent = start(plane);
    const acknowledged: number[] = [];
    const post = (generation: number) =>
      agent.post('valkey-3f9k2', BundleStatus, status(generation), {
        acknowledged: () => acknowledged.push(generation),
      });
    post(1);
    await plane.until(() => receivedGenerations().length === 1);
    post(2);
    post(3);
    agent.redial('a cable was pulled');
    await plane.until(() => plane.streams.length === 2 && receivedGenerations().includes(3));
    expect(agent.unacknowledged).toBe(1);
    ignoresStatuses = false;
    agent.redial('a second disconnect');
    await plane.until(() => agent.unacknowledged === 0);
    expect(receivedGenerations()).toEqual([1, 3, 3]);
    expect(acknowledged).toEqual([3]);
  });

  it('is repeated after an error reply', async () => {
    let refusals = 2;
    plane.onReport = ({ type, tag }, stream) => {
      if (type !== 'BundleStatus' || refusals-- <= 0) return { isHealthy: true, message: '' };
      stream.write({ type: 'ERROR', jsonB64: 'the reconciler is away', tag });
      return undefined;
    };
    const agent = start(plane);
    agent.post('valkey-3f9k2', BundleStatus, status(1));
    await plane.until(() => agent.isConnected && receivedGenerations().length === 3);
    expect(receivedGenerations()).toEqual([1, 1, 1]);
  });
});
