import {
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceDefinition,
  type UntypedServiceImplementation,
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
import { dayMs } from '@runos/kernel';
import { type AuthorityPair, createAuthority, issueLeaf, newEcKey, provenKey } from '@runos/pki';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export const validForDays = (days = 365) => ({
  notBefore: new Date(Date.now() - 60_000),
  notAfter: new Date(Date.now() + days * dayMs),
});

type Stream = ServerDuplexStream<Envelope, Envelope>;

/** The agent ports of a plane, with behaviour that each test sets. */
export class FakePlane {
  /** The response to a registration; rejects to refuse it. */
  onRegister: (request: NodeRegistrationRequest) => Promise<Partial<NodeRegistrationResponse>> = async (request) => ({
    publicKey: await this.issue(request.csrPem),
    caCert: this.l2.certificatePem,
  });
  /** The reply to a report; undefined: none is sent. */
  onReport: (report: ReadReport, stream: Stream) => object | undefined = () => ({});
  onStream: (stream: Stream) => void = () => undefined;
  onRenew: (csrPem: string) => Promise<string> = (csrPem) => this.issue(csrPem);
  /** Rejects to refuse a renewed certificate. */
  onVerify: () => Promise<void> = async () => undefined;
  /** The validity of the server certificates from the next `open` on. */
  serverValidity = validForDays();
  verifications = 0;
  readonly registrations: NodeRegistrationRequest[] = [];
  readonly reports: ReadReport[] = [];
  readonly streams: Stream[] = [];
  /** The serial of the client certificate of each stream. */
  readonly serials: string[] = [];
  ports = { registerPort: 0, streamPort: 0 };
  readonly #closes: (() => void)[] = [];
  #watchers: (() => void)[] = [];

  constructor(
    readonly l1: AuthorityPair,
    readonly l2: AuthorityPair,
  ) {}

  static async start(): Promise<FakePlane> {
    const plane = new FakePlane(
      await createAuthority('L1', validForDays()),
      await createAuthority('L2', validForDays()),
    );
    await plane.open();
    return plane;
  }

  /** Listens, on the same ports as before if it was open before. */
  async open(): Promise<void> {
    const register = {
      Register: (call: ServerUnaryCall<NodeRegistrationRequest, object>, done: sendUnaryData<object>) => {
        this.registrations.push(call.request);
        this.notify();
        this.onRegister(call.request).then((out) => done(null, out), done);
      },
    };
    const stream = {
      NodeAgentStream: (stream: Stream) => this.#accept(stream),
      ClusterAgentStream: (stream: Stream) => this.#accept(stream),
      GetControlPlaneNodes: (_: unknown, done: sendUnaryData<object>) => {
        this.verifications += 1;
        this.onVerify().then(() => done(null, {}), done);
      },
      RegenerateCertificate: (call: ServerUnaryCall<{ csrPem: string }, object>, done: sendUnaryData<object>) => {
        const respond = (publicKey: string) => done(null, { publicKey, caCert: this.l2.certificatePem });
        this.onRenew(call.request.csrPem).then(respond, done);
      },
    };
    const { registerPort, streamPort } = this.ports;
    this.ports = {
      registerPort: await this.#serve(this.l1, registerService, registerPort, register),
      streamPort: await this.#serve(this.l2, streamService, streamPort, stream),
    };
  }

  async issue(csrPem: string, days = 365): Promise<string> {
    const publicKey = await provenKey(csrPem);
    if (publicKey === undefined) throw new Error('the signing request is not valid');
    const uris = ['runos://abcde/ky3/node/n0de1'];
    return issueLeaf(this.l2, { ...validForDays(days), publicKey, commonName: 'node:n0de1', usage: 'client', uris });
  }

  /** Resolves when the condition holds. It is evaluated after every event. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const check = (): void => (condition() ? resolve() : void this.#watchers.push(check));
      this.#watchers.push(check);
    });
  }

  /** Evaluates the conditions of `until`. */
  notify(): void {
    for (const check of this.#watchers.splice(0)) check();
  }

  close(): void {
    for (const close of this.#closes.splice(0)) close();
  }

  #accept(stream: Stream): void {
    this.streams.push(stream);
    this.serials.push(stream.getAuthContext().sslPeerCertificate?.serialNumber.toLowerCase() ?? '');
    stream.on('data', (envelope: Envelope) => {
      const read = readReport(envelope);
      if (read.kind === 'report') {
        this.reports.push(read);
        const reply = this.onReport(read, stream);
        if (reply !== undefined) stream.write(replyEnvelope(reports[read.type], reply as never, read.tag));
      }
      this.notify();
    });
    stream.on('end', () => stream.end());
    stream.on('error', () => undefined);
    this.onStream(stream);
    this.notify();
  }

  async #serve(
    ca: AuthorityPair,
    service: object,
    port: number,
    handlers: UntypedServiceImplementation,
  ): Promise<number> {
    const { keyPem, publicKey } = await newEcKey();
    const names = { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] };
    const leaf = await issueLeaf(ca, {
      ...this.serverValidity,
      ...names,
      publicKey,
      commonName: 'plane',
      usage: 'server',
    });
    const pair = { private_key: Buffer.from(keyPem), cert_chain: Buffer.from(leaf + ca.certificatePem) };
    const isMutual = ca === this.l2;
    const clientCa = isMutual ? Buffer.from(ca.certificatePem) : null;
    const server = new Server();
    server.addService(service as ServiceDefinition, handlers);
    const injector = server.createConnectionInjector(ServerCredentials.createSsl(clientCa, [pair], isMutual));
    const sockets = new Set<Socket>();
    const listener = createServer((socket) => {
      sockets.add(socket.on('error', () => socket.destroy()));
      socket.once('close', () => sockets.delete(socket));
      injector.injectConnection(socket);
    });
    this.#closes.push(() => {
      listener.close();
      server.forceShutdown();
      // grpc-js leaves connections open whose handshake has not ended.
      setImmediate(() => sockets.forEach((socket) => socket.destroy()));
    });
    listener.listen(port, '127.0.0.1');
    await once(listener, 'listening');
    return (listener.address() as AddressInfo).port;
  }
}

/** Whether the certificate contains the public half of this key. */
export const isCertificateOfKey = (certificate: string, keyPem: string): boolean =>
  new X509Certificate(certificate).publicKey.equals(createPublicKey(keyPem));
