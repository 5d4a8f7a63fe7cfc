import { Client, type ClientDuplexStream, credentials, type MethodDefinition, type ServiceError } from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';
import {
  type AgentKind,
  callUnary,
  ClusterAgentHeartbeatToServer,
  type Credentials,
  type Envelope,
  NodeAgentHeartbeatToServer,
  openStream,
  readReply,
  refusalCodeOf,
  registerService,
  type Report,
  reportEnvelope,
  type ReplyOf,
  streamService,
} from '@runos/agent-protocol';
import { createSigningRequest, type SigningRequest } from '@runos/pki';

/** Only ends a call that would never end. */
const deadlineMs = 60_000;
const options = { 'grpc.use_local_subchannel_pool': 1 };
const heartbeat = { externalIpAddress: '', isCp: false, isWorker: true, status: 'ready', version: '1.6.0' };

/** The status and refusal code of a call, or 'accepted'. */
export const refusalOf = (call: Promise<unknown>) =>
  call.then(
    () => 'accepted',
    (error: ServiceError) => ({ code: error.code, details: error.details, refusal: refusalCodeOf(error.metadata) }),
  );

export interface Registration {
  readonly token: string;
  readonly aid?: string;
  readonly kind?: AgentKind | '';
  readonly machineId?: string;
  readonly csr?: boolean;
  /** Default: one of its own for each registration. */
  readonly signing?: SigningRequest;
}

/** Registers with a real TLS client that trusts only this CA. */
export async function registerAt(port: number, ca: string, registration: Registration) {
  const { token, aid = 'abcde', kind = 'node', machineId = 'machine-1', csr = true, signing } = registration;
  const { keyPem, csrPem } = csr ? (signing ?? (await createSigningRequest())) : { keyPem: '', csrPem: '' };
  const client = new Client(`127.0.0.1:${port}`, credentials.createSsl(Buffer.from(ca)), options);
  try {
    const request = { token, aid, machineId, os: 'debian-12', agentKind: kind, csrPem };
    const response = await callUnary(client, registerService.Register, request, deadlineMs);
    return { ...response, serverMadeKey: response.privateKey !== '', privateKey: response.privateKey || keyPem };
  } finally {
    client.close();
  }
}

/** The agents of this spec that are not stopped. */
const running = new Set<TestAgent>();

/** Also ends those of a test that has failed. */
export const stopTestAgents = (): void => running.forEach((agent) => agent.stop());

/** One stream of one agent, with all messages it has received. */
export class TestAgent {
  readonly received: Envelope[] = [];
  /** The status with which the stream ended. */
  readonly ended: Promise<{ code: number; details: string; refusal: ReturnType<typeof refusalCodeOf> }>;
  readonly #pending = new Map<string, (envelope: Envelope) => void>();
  readonly #client: Client;
  readonly #stream: ClientDuplexStream<Envelope, Envelope>;
  #heartbeats: NodeJS.Timeout | undefined;
  onInstruction: (envelope: Envelope) => Envelope | undefined = () => undefined;

  constructor(
    port: number,
    credentials: Pick<Credentials, 'caCert'> & Partial<Credentials>,
    private readonly kind: AgentKind = 'node',
  ) {
    this.#client = clientOf(port, credentials);
    const { NodeAgentStream, ClusterAgentStream } = streamService;
    this.#stream = openStream(this.#client, kind === 'node' ? NodeAgentStream : ClusterAgentStream);
    this.#stream.on('data', (envelope: Envelope) => this.#receive(envelope));
    this.#stream.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      this.#stream.on('status', ({ code, details, metadata }) =>
        resolve({ code, details, refusal: refusalCodeOf(metadata) }),
      );
    });
    void this.ended.then(() => clearInterval(this.#heartbeats));
    running.add(this);
  }

  send(envelope: Envelope): void {
    this.#stream.write(envelope);
  }

  /** Sends a message and waits for its reply. */
  exchange(envelope: Envelope): Promise<Envelope> {
    const reply = new Promise<Envelope>((resolve) => this.#pending.set(envelope.tag, resolve));
    this.send(envelope);
    return Promise.race([
      reply,
      this.ended.then((end) => Promise.reject(new Error(`the stream ended: ${JSON.stringify(end)}`))),
    ]);
  }

  async request<R extends Report>(report: R, body: unknown): Promise<ReplyOf<R>> {
    const read = readReply(report, await this.exchange(reportEnvelope(report, body as never, randomUUID())));
    if (!read.ok) throw new Error(read.problem);
    return read.value;
  }

  /** Sends one heartbeat and waits for the reply. */
  async heartbeat(): Promise<void> {
    if (this.kind === 'node') await this.request(NodeAgentHeartbeatToServer, heartbeat);
    else await this.request(ClusterAgentHeartbeatToServer, {});
  }

  heartbeatEvery(ms: number): void {
    this.#heartbeats = setInterval(() => void this.heartbeat().catch(() => undefined), ms);
  }

  stopHeartbeats(): void {
    clearInterval(this.#heartbeats);
  }

  stop(): void {
    running.delete(this);
    clearInterval(this.#heartbeats);
    this.#stream.cancel();
    this.#client.close();
  }

  #receive(envelope: Envelope): void {
    this.received.push(envelope);
    const onReply = this.#pending.get(envelope.tag);
    if (onReply !== undefined) return onReply(envelope);
    const reply = this.onInstruction(envelope);
    if (reply !== undefined) this.send(reply);
  }
}

function clientOf(port: number, { caCert, privateKey, publicKey }: Partial<Credentials>): Client {
  const [ca, key, certificate] = [caCert, privateKey, publicKey].map((pem) => (pem ? Buffer.from(pem) : null));
  const tls = credentials.createSsl(ca ?? null, key ?? null, certificate ?? null);
  return new Client(`127.0.0.1:${port}`, tls, options);
}

/** One call of the stream port with these credentials. */
export async function callAs<In, Out>(
  port: number,
  agent: Partial<Credentials>,
  method: MethodDefinition<In, Out>,
  request: In,
): Promise<Out> {
  const client = clientOf(port, agent);
  try {
    return await callUnary(client, method, request, deadlineMs);
  } finally {
    client.close();
  }
}
