import {
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import {
  type Envelope,
  type NodeRegistrationRequest,
  type NodeRegistrationResponse,
  readReport,
  type ReadReport,
  registerService,
  reports,
  replyEnvelope,
  streamService,
} from '@runos/agent-protocol';
import { type AuthorityPair, createAuthority, issueLeaf, newEcKey, provenKey } from '@runos/pki';
import { createPublicKey, X509Certificate } from 'node:crypto';

const day = 86_400_000;
export const lasting = (days = 365) => ({
  notBefore: new Date(Date.now() - 60_000),
  notAfter: new Date(Date.now() + days * day),
});

type Stream = ServerDuplexStream<Envelope, Envelope>;

/** A plane as agents see it, whose behaviour each spec decides. */
export class SpecPlane {
  /** What the next registration gets: a certificate, or an error to throw. */
  onRegister: (request: NodeRegistrationRequest) => Promise<Partial<NodeRegistrationResponse>> = async (request) => ({
    publicKey: await this.issue(request.csrPem),
    caCert: this.l2.certificatePem,
  });
  /** The answer to a report; undefined: none comes. */
  onReport: (report: ReadReport, stream: Stream) => object | undefined = () => ({});
  onStream: (stream: Stream) => void = () => undefined;
  onRenew: (csrPem: string) => Promise<string> = (csrPem) => this.issue(csrPem);
  readonly registered: NodeRegistrationRequest[] = [];
  readonly heard: ReadReport[] = [];
  readonly streams: Stream[] = [];
  readonly serials: string[] = [];
  ports = { registerPort: 0, streamPort: 0 };
  #servers: Server[] = [];
  #watchers: (() => void)[] = [];

  constructor(
    readonly l1: AuthorityPair,
    readonly l2: AuthorityPair,
  ) {}

  static async start(): Promise<SpecPlane> {
    const plane = new SpecPlane(await createAuthority('L1', lasting()), await createAuthority('L2', lasting()));
    await plane.open();
    return plane;
  }

  /** Listens, on the ports it had before if there are any. */
  async open(): Promise<void> {
    this.ports = {
      registerPort: await this.#serve(
        this.l1,
        registerService as unknown as ServiceDefinition,
        this.ports.registerPort,
        {
          Register: (call: ServerUnaryCall<NodeRegistrationRequest, object>, done: sendUnaryData<object>) => {
            this.registered.push(call.request);
            this.happened();
            this.onRegister(call.request).then((out) => done(null, out), done);
          },
        },
      ),
      streamPort: await this.#serve(this.l2, streamService as unknown as ServiceDefinition, this.ports.streamPort, {
        NodeAgentStream: (stream: Stream) => this.#stream(stream),
        ClusterAgentStream: (stream: Stream) => this.#stream(stream),
        GetControlPlaneNodes: (_: unknown, done: sendUnaryData<object>) => done(null, {}),
        RegenerateCertificate: (call: ServerUnaryCall<{ csrPem: string }, object>, done: sendUnaryData<object>) => {
          const answer = (publicKey: string) => done(null, { publicKey, caCert: this.l2.certificatePem });
          this.onRenew(call.request.csrPem).then(answer, done);
        },
      }),
    };
  }

  async issue(csrPem: string, days = 365): Promise<string> {
    const publicKey = await provenKey(csrPem);
    if (publicKey === undefined) throw new Error('the request proves no key');
    const uris = ['runos://abcde/ky3/node/n0de1'];
    return issueLeaf(this.l2, { ...lasting(days), publicKey, commonName: 'node:n0de1', usage: 'client', uris });
  }

  /** Resolves when `done` holds, looked at after everything that happens. */
  until(done: () => boolean): Promise<void> {
    if (done()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = (): void => (done() ? resolve() : void this.#watchers.push(look));
      this.#watchers.push(look);
    });
  }

  happened(): void {
    for (const look of this.#watchers.splice(0)) look();
  }

  close(): void {
    for (const server of this.#servers.splice(0)) server.forceShutdown();
  }

  #stream(stream: Stream): void {
    this.streams.push(stream);
    this.serials.push(stream.getAuthContext().sslPeerCertificate?.serialNumber.toLowerCase() ?? '');
    stream.on('data', (envelope: Envelope) => {
      const read = readReport(envelope);
      if (read.kind === 'report') {
        this.heard.push(read);
        const answer = this.onReport(read, stream);
        if (answer !== undefined) stream.write(replyEnvelope(reports[read.type], answer as never, read.tag));
      }
      this.happened();
    });
    stream.on('end', () => stream.end());
    stream.on('error', () => undefined);
    this.onStream(stream);
    this.happened();
  }

  async #serve(ca: AuthorityPair, service: ServiceDefinition, port: number, handlers: object): Promise<number> {
    const { keyPem, publicKey } = await newEcKey();
    const names = { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] };
    const leaf = await issueLeaf(ca, { ...lasting(), ...names, publicKey, commonName: 'plane', usage: 'server' });
    const pair = { private_key: Buffer.from(keyPem), cert_chain: Buffer.from(leaf + ca.certificatePem) };
    const mutual = ca === this.l2;
    const credentials = ServerCredentials.createSsl(mutual ? Buffer.from(ca.certificatePem) : null, [pair], mutual);
    const server = new Server();
    server.addService(service, handlers as never);
    this.#servers.push(server);
    return new Promise((resolve, reject) =>
      server.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) => (error ? reject(error) : resolve(bound))),
    );
  }
}

/** Whether a certificate was made for this key, by what both say. */
export const sameKey = (certificate: string, keyPem: string): boolean =>
  new X509Certificate(certificate).publicKey.equals(createPublicKey(keyPem));
