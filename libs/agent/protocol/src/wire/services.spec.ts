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
import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader';
import type { Envelope } from '../envelope/envelope.js';
import { callUnary, openStream, refusalCodeOf, refusalMetadataKey } from './call.js';
import {
  type AddNodelogRequest,
  type Credentials,
  type InstallCommand,
  loadNodeward,
  type NodeRegistrationRequest,
  type NodeRegistrationResponse,
  protoOptions,
  protoPath,
  registerService,
  streamService,
  type VpnPeer,
} from './services.js';

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

const request = { machineId: 'm1', aid: 'abcde', token: 't', os: 'debian-12', csrPem: 'CSR', agentKind: 'node' };

describe('the wire', () => {
  it('uses the field numbers of released agents', () => {
    const bytes = registerService.Register.requestSerialize(request);
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

  it('has the method paths of released agents', () => {
    expect(registerService.Register.path).toBe('/runos.nodeward.proto.l1sec.Nodeward/Register');
    expect(Object.keys(loadNodeward('l2sec'))).toHaveLength(14);
    expect(streamService.ClusterAgentStream.path).toBe('/runos.nodeward.proto.l2sec.Nodeward/ClusterAgentStream');
  });

  it('transfers a request and its response, and reads an absent field as empty', async () => {
    const client = await serve('l1sec', {
      Register: (call: { request: typeof request }, done: (e: null, r: object) => void) =>
        done(null, { nid: call.request.aid, publicKey: 'PEM' }),
    });
    const answer = await callUnary(client, registerService.Register, request, 60_000);
    expect(answer).toEqual({ nid: 'abcde', privateKey: '', publicKey: 'PEM', caCert: '', cid: '' });
  });

  it('transfers a refusal code; the code of a newer server is unrecognised', async () => {
    const codes = ['registration-refused', 'moon-phase'];
    const client = await serve('l1sec', {
      Register: (_: unknown, done: (e: object) => void) => {
        const metadata = new Metadata();
        metadata.set(refusalMetadataKey, codes.shift() ?? '');
        done({ code: status.UNAUTHENTICATED, details: 'no', metadata });
      },
    });
    const refused = () =>
      callUnary(client, registerService.Register, request, 60_000).catch((e: ServiceError) =>
        refusalCodeOf(e.metadata),
      );
    expect(await refused()).toBe('registration-refused');
    expect(await refused()).toBe('unrecognised');
    expect(refusalCodeOf(new Metadata())).toBeUndefined();
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

interface Descriptor {
  readonly name: string;
  readonly field: readonly { readonly name: string }[];
  readonly nestedType: readonly Descriptor[];
}

describe('the types of the messages', () => {
  const peer = { pubKey: 'k', endpointIp: 'e', ip: 'i' };
  const credentials = { privateKey: 'k', publicKey: 'p', caCert: 'c' };
  const log = { type: 't', severity: 3, message: 'm', code: 'c', cause: 'a', remedy: 'r', docs_url: 'd' };
  const command = {
    commandId: 1,
    command: 'c',
    afterCommandId: 2,
    afterCommandIdResultDoesNotMatch: 'n',
    afterCommandIdResultMatches: 'm',
    ignoreFailure: true,
  };
  const l1sec = {
    NodeRegistrationRequest: request satisfies NodeRegistrationRequest,
    NodeRegistrationResponse: {
      nid: 'n',
      privateKey: 'k',
      publicKey: 'p',
      caCert: 'c',
      cid: 'i',
    } satisfies NodeRegistrationResponse,
  };
  const l2sec = {
    AddNodelogRequest: log satisfies AddNodelogRequest,
    VpnPeer: peer satisfies VpnPeer,
    'InstallCommandList.InstallCommand': command satisfies InstallCommand,
    RegenerateCertificateResponse: credentials satisfies Credentials,
    GetClusterAgentCredentialsResponse: credentials satisfies Credentials,
    ManualSyncRequest: { nodePeer: peer, nodeIsReady: true },
    UpdateStatusRequest: { status: 's' },
    RegenerateCertificateRequest: { csrPem: 'p' },
    GetInstallCommandsRequest: { jsonB64FileList: 'l' },
    ToNodeAgent: { jsonB64: 'j', type: 't', tag: 'a', traceparent: 'p' } satisfies Required<Envelope>,
    FromClusterAgent: { jsonB64: 'j', type: 't', tag: 'a', traceparent: 'p' } satisfies Required<Envelope>,
  };
  const cases = Object.entries({ l1sec, l2sec }).flatMap(([file, messages]) =>
    Object.entries(messages).map(([message, value]) => [file as 'l1sec' | 'l2sec', message, value] as const),
  );

  it.each(cases)('have the fields of %s.proto: %s', (file, message, value: object) => {
    const [name, nestedName] = message.split('.');
    const definition = loadSync(protoPath(file), protoOptions)[`runos.nodeward.proto.${file}.${name}`];
    const descriptor = (definition as MessageTypeDefinition<object, object>).type as Descriptor;
    const { field } = descriptor.nestedType.find((nested) => nested.name === nestedName) ?? descriptor;
    expect(Object.keys(value).sort()).toEqual(field.map(({ name }) => name).sort());
  });
});
