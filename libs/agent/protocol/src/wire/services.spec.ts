import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceError,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { callUnary, openStream } from './call.js';
import { loadNodeward } from './load-proto.js';
import { refusalKey, refusalOf } from './refusal.js';
import { registerService, streamService } from './services.js';

const running: { stop(): void }[] = [];
afterEach(() => running.splice(0).forEach((each) => each.stop()));

async function serve(name: 'l1sec' | 'l2sec', handlers: UntypedServiceImplementation): Promise<Client> {
  const server = new Server();
  server.addService(loadNodeward(name), handlers);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  running.push({ stop: () => (client.close(), server.forceShutdown()) });
  return client;
}

const asked = { machineId: 'm1', aid: 'abcde', token: 't', os: 'debian-12', csrPem: 'CSR', agentKind: 'node' };

describe('the wire', () => {
  it('uses the field numbers that agents in the field use', () => {
    const bytes = registerService.Register.requestSerialize(asked);
    // Field 25 as a string: key (25 << 3 | 2) = 202, two bytes as a varint, then length and text.
    expect([...bytes.subarray(0, 5)]).toEqual([0xca, 0x01, 2, 'm'.charCodeAt(0), '1'.charCodeAt(0)]);
    // Field 1000: (1000 << 3 | 2) = 8002.
    expect(bytes.includes(Buffer.from([0xc2, 0x3e, 3, ...Buffer.from('CSR')]))).toBe(true);
    const sent = streamService.NodeAgentStream.requestSerialize({ jsonB64: 'a', type: 'b', tag: 'c' });
    expect([...sent]).toEqual([0x0a, 1, 0x61, 0x2a, 1, 0x62, 0x52, 1, 0x63]);
    const credentials = { privateKey: 'k', publicKey: 'p', caCert: 'c' };
    expect(
      [...streamService.RegenerateCertificate.responseSerialize(credentials)].filter((_, n) => n % 3 === 0),
    ).toEqual([0x2a, 0x52, 0x7a]);
    expect(streamService.GetClusterAgentCredentials.responseSerialize(credentials).subarray(0, 2)).toEqual(
      Buffer.from([0xe2, 0x03]),
    );
  });

  it('has the method paths that agents in the field call', () => {
    expect(registerService.Register.path).toBe('/runos.nodeward.proto.l1sec.Nodeward/Register');
    expect(Object.keys(loadNodeward('l2sec'))).toHaveLength(14);
    expect(streamService.ClusterAgentStream.path).toBe('/runos.nodeward.proto.l2sec.Nodeward/ClusterAgentStream');
  });

  it('carries a question and its answer, and reads an absent field as empty', async () => {
    const client = await serve('l1sec', {
      Register: (call: { request: typeof asked }, done: (e: null, r: object) => void) =>
        done(null, { nid: call.request.aid, publicKey: 'PEM' }),
    });
    const answer = await callUnary(client, registerService.Register, asked, 5_000);
    expect(answer).toEqual({ nid: 'abcde', privateKey: '', publicKey: 'PEM', caCert: '', cid: '' });
  });

  it('carries a refusal as a word; what a newer server made up is unrecognised', async () => {
    const words = ['registration-refused', 'moon-phase'];
    const client = await serve('l1sec', {
      Register: (_: unknown, done: (e: object) => void) => {
        const metadata = new Metadata();
        metadata.set(refusalKey, words.shift() ?? '');
        done({ code: status.UNAUTHENTICATED, details: 'no', metadata });
      },
    });
    const refused = () =>
      callUnary(client, registerService.Register, asked, 5_000).catch((e: ServiceError) => refusalOf(e.metadata));
    expect(await refused()).toBe('registration-refused');
    expect(await refused()).toBe('unrecognised');
    expect(refusalOf(new Metadata())).toBeUndefined();
  });

  it('streams envelopes in both directions', async () => {
    const client = await serve('l2sec', {
      NodeAgentStream: (call: NodeJS.ReadWriteStream) => call.on('data', (sent: object) => call.write(sent as never)),
    });
    const stream = openStream(client, streamService.NodeAgentStream);
    const echoed = new Promise((resolve) => stream.once('data', resolve));
    stream.on('error', () => undefined);
    stream.write({ jsonB64: 'e30=', type: 'AmIVIPHolder', tag: 't', traceparent: '' });
    expect(await echoed).toEqual({ jsonB64: 'e30=', type: 'AmIVIPHolder', tag: 't', traceparent: '' });
    stream.cancel();
  });
});
