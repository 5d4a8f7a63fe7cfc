import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  BundleStatus,
  type Envelope,
  errorIn,
  GetControlPlaneNodes,
  instructionEnvelope,
  DELETE_BUNDLE,
} from '@runos/agent-protocol';
import { halfOpenProxy } from '@runos/testing-basics';
import type { AgentSession } from './agent-session.js';
import { certificateFacts } from './credentials/agent-credentials.js';
import { MemoryStore, startAgent } from '../test/spec-agent.js';
import { SpecPlane } from '../test/spec-plane.js';

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

const digest = 'ab'.repeat(32);
const status = (generation: number, phase = 'ready') => ({
  osid: 'valkey-3f9k2',
  generation,
  digest,
  phase,
  conditions: [],
  objects: [],
});
const generationsHeard = () =>
  plane.heard.flatMap((report) => (report.type === 'BundleStatus' ? [report.body.generation] : []));
const beats = () => plane.heard.filter(({ type }) => type === 'NodeAgentHeartbeatToServer').length;

describe('a session', () => {
  it('beats again and again, and says so when asked whether it is connected', async () => {
    const agent = start(plane);
    expect(agent.connected).toBe(false);
    await plane.until(() => beats() >= 3);
    expect(agent.connected).toBe(true);
    expect(plane.streams).toHaveLength(1);
  });

  it('dials again after one unanswered beat', async () => {
    plane.onReport = ({ type }) =>
      type === 'NodeAgentHeartbeatToServer' && plane.streams.length === 1 && beats() > 2
        ? undefined
        : {
            isHealthy: true,
            message: '',
          };
    start(plane, { timing: { heartbeatAnswerMs: 50 } });
    await plane.until(() => plane.streams.length === 2 && beats() > 4);
  });

  it('leaves a connection that leads nowhere, and needs nobody to tell it', async () => {
    const proxy = await halfOpenProxy(plane.ports.streamPort);
    const ports = { registerPort: plane.ports.registerPort, streamPort: proxy.port };
    const agent = start(plane, { server: { host: '127.0.0.1', ...ports }, timing: { heartbeatAnswerMs: 80 } });
    await plane.until(() => beats() >= 1);
    proxy.freeze();
    await plane.until(() => plane.streams.length === 2 && agent.connected);
    proxy.stop();
  });

  it('comes back when the plane does', async () => {
    const agent = start(plane);
    await plane.until(() => agent.connected);
    plane.close();
    await plane.until(() => !agent.connected);
    await expect(agent.request(GetControlPlaneNodes, {})).rejects.toMatchObject({ code: 'unavailable' });
    await plane.open();
    await plane.until(() => agent.connected);
  });

  it('uses the certificate it finds at the next dial', async () => {
    const [store, donor] = [new MemoryStore(), new MemoryStore()];
    const agent = start(plane, { store });
    const other = start(plane, { store: donor });
    await plane.until(() => agent.connected && other.connected);
    store.kept = donor.kept;
    agent.redial('the certificate was exchanged');
    await plane.until(() => plane.streams.length === 3);
    expect(plane.serials[2]).toBe(certificateFacts(donor.kept!.certificate).serial);
  });

  it('renews a certificate that is near its end, proves the new one, and dials with it', async () => {
    plane.onRegister = async ({ csrPem }) => ({
      publicKey: await plane.issue(csrPem, 0.0001),
      caCert: plane.l2.certificatePem,
    });
    const store = new MemoryStore();
    const agent = start(plane, { store });
    await plane.until(() => plane.streams.length === 2 && agent.connected);
    expect(store.saves).toBe(2);
    expect(plane.serials[1]).toBe(certificateFacts(store.kept!.certificate).serial);
  });

  it('keeps its certificate when the new one is no good', async () => {
    const store = new MemoryStore();
    const agent = start(plane, { store });
    await plane.until(() => agent.connected);
    const before = store.kept;
    plane.onRenew = async () => plane.l1.certificatePem;
    await expect(agent.renew()).rejects.toThrow();
    expect(store.kept).toBe(before);
    expect(agent.connected).toBe(true);
  });
});

describe('instructions', () => {
  const told = (input: { readonly type?: string; readonly osid?: string }): Promise<Envelope> =>
    new Promise((resolve) => {
      const stream = plane.streams[0]!;
      stream.on('data', (envelope: Envelope) => envelope.tag === 'tag-1' && resolve(envelope));
      stream.write({
        ...instructionEnvelope(DELETE_BUNDLE, input as never, 'tag-1'),
        ...('type' in input ? input : {}),
      });
    });
  const input = { osid: 'valkey-3f9k2', generation: 2, revision: 3 };

  it('find their handler, and their answer the way back', async () => {
    const agent = start(plane, { handlers: { DELETE_BUNDLE: async ({ revision }) => ({ accepted: revision === 3 }) } });
    await plane.until(() => agent.connected);
    const answer = await told(input);
    expect(answer.type).toBe('DELETE_BUNDLE_RESPONSE');
    expect(JSON.parse(Buffer.from(answer.jsonB64, 'base64').toString())).toEqual({ accepted: true });
  });

  it.each([
    ['of an unknown type', { type: 'FLY_TO_MOON' }, 'No handler found for message type: FLY_TO_MOON'],
    ['with a wrong payload', { osid: 'x' }, /osid/],
    ['whose handler fails', input, 'Error processing DELETE_BUNDLE: the disk is full'],
  ])('%s are answered with an error, and the stream lives on', async (_, sent, message) => {
    const agent = start(plane, {
      handlers: { DELETE_BUNDLE: async () => Promise.reject(new Error('the disk is full')) },
    });
    await plane.until(() => agent.connected);
    expect(errorIn(await told(sent))).toMatch(message);
    expect(agent.connected).toBe(true);
  });
});

describe('what is posted', () => {
  it('is repeated until it is acknowledged, the newest word only, over any number of streams', async () => {
    let deaf = true;
    plane.onReport = ({ type }) => (type === 'BundleStatus' && deaf ? undefined : { isHealthy: true, message: '' });
    const agent = start(plane);
    const acknowledged: number[] = [];
    const post = (generation: number) =>
      agent.post('valkey-3f9k2', BundleStatus, status(generation), {
        acknowledged: () => acknowledged.push(generation),
      });
    post(1);
    await plane.until(() => generationsHeard().length === 1);
    post(2);
    post(3);
    agent.redial('a cable was pulled');
    await plane.until(() => plane.streams.length === 2 && generationsHeard().includes(3));
    expect(agent.unacknowledged).toBe(1);
    deaf = false;
    agent.redial('again');
    await plane.until(() => agent.unacknowledged === 0);
    expect(generationsHeard()).toEqual([1, 3, 3]);
    expect(acknowledged).toEqual([3]);
  });

  it('is repeated when the plane says that it could not take it', async () => {
    let refusals = 2;
    plane.onReport = ({ type, tag }, stream) => {
      if (type !== 'BundleStatus' || refusals-- <= 0) return { isHealthy: true, message: '' };
      stream.write({ type: 'ERROR', jsonB64: 'the reconciler is away', tag });
      return undefined;
    };
    const agent = start(plane);
    agent.post('valkey-3f9k2', BundleStatus, status(1));
    await plane.until(() => agent.connected && generationsHeard().length === 3);
    expect(generationsHeard()).toEqual([1, 1, 1]);
  });
});
