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
  refusalOf,
  registerService,
  type Report,
  reportEnvelope,
  type ReplyOf,
  streamService,
} from '@runos/agent-protocol';
import { createSigningRequest } from '@runos/pki';

const options = { 'grpc.use_local_subchannel_pool': 1 };
const beat = { externalIpAddress: '', isCp: false, isWorker: true, status: 'ready', version: '1.6.0' };

/** What a call that must fail failed with. */
export const refusalTo = (call: Promise<unknown>) =>
  call.then(
    () => 'accepted',
    (error: ServiceError) => ({ code: error.code, details: error.details, refusal: refusalOf(error.metadata) }),
  );

export interface Asked {
  readonly token: string;
  readonly aid?: string;
  readonly kind?: AgentKind | '';
  readonly machineId?: string;
  readonly csr?: boolean;
}

/** Registers as an agent would, with a real TLS client that believes only this CA. */
export async function registerAt(port: number, ca: string, asked: Asked) {
  const { token, aid = 'abcde', kind = 'node', machineId = 'machine-1', csr = true } = asked;
  const { keyPem, csrPem } = csr ? await createSigningRequest() : { keyPem: '', csrPem: '' };
  const client = new Client(`127.0.0.1:${port}`, credentials.createSsl(Buffer.from(ca)), options);
  try {
    const request = { token, aid, machineId, os: 'debian-12', agentKind: kind, csrPem };
    const answer = await callUnary(client, registerService.Register, request, 5_000);
    return { ...answer, serverMadeKey: answer.privateKey !== '', privateKey: answer.privateKey || keyPem };
  } finally {
    client.close();
  }
}

/** One stream of one agent, with everything that was said on it. */
export class SpecAgent {
  readonly heard: Envelope[] = [];
  /** Why the stream ended. */
  readonly ended: Promise<{ code: number; details: string; refusal: ReturnType<typeof refusalOf> }>;
  readonly #answers = new Map<string, (envelope: Envelope) => void>();
  readonly #client: Client;
  readonly #stream: ClientDuplexStream<Envelope, Envelope>;
  #beating: NodeJS.Timeout | undefined;
  onInstruction: (envelope: Envelope) => Envelope | undefined = () => undefined;

  constructor(
    port: number,
    proof: Pick<Credentials, 'caCert'> & Partial<Credentials>,
    private readonly kind: AgentKind = 'node',
  ) {
    this.#client = clientOf(port, proof);
    const { NodeAgentStream, ClusterAgentStream } = streamService;
    this.#stream = openStream(this.#client, kind === 'node' ? NodeAgentStream : ClusterAgentStream);
    this.#stream.on('data', (envelope: Envelope) => this.#hear(envelope));
    this.#stream.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      this.#stream.on('status', ({ code, details, metadata }) =>
        resolve({ code, details, refusal: refusalOf(metadata) }),
      );
    });
    void this.ended.then(() => clearInterval(this.#beating));
  }

  say(envelope: Envelope): void {
    this.#stream.write(envelope);
  }

  /** Says it and waits for what comes back. */
  exchange(envelope: Envelope): Promise<Envelope> {
    const answer = new Promise<Envelope>((resolve) => this.#answers.set(envelope.tag, resolve));
    this.say(envelope);
    return Promise.race([
      answer,
      this.ended.then((end) => Promise.reject(new Error(`the stream ended: ${JSON.stringify(end)}`))),
    ]);
  }

  async ask<R extends Report>(report: R, body: unknown): Promise<ReplyOf<R>> {
    const read = readReply(report, await this.exchange(reportEnvelope(report, body as never, randomUUID())));
    if (!read.ok) throw new Error(read.problem);
    return read.value;
  }

  /** One heartbeat, answered. */
  async beat(): Promise<void> {
    if (this.kind === 'node') await this.ask(NodeAgentHeartbeatToServer, beat);
    else await this.ask(ClusterAgentHeartbeatToServer, {});
  }

  beatEvery(ms: number): void {
    this.#beating = setInterval(() => void this.beat().catch(() => undefined), ms);
  }

  stopBeating(): void {
    clearInterval(this.#beating);
  }

  stop(): void {
    clearInterval(this.#beating);
    this.#stream.cancel();
    this.#client.close();
  }

  #hear(envelope: Envelope): void {
    this.heard.push(envelope);
    const answered = this.#answers.get(envelope.tag);
    if (answered !== undefined) return answered(envelope);
    const answer = this.onInstruction(envelope);
    if (answer !== undefined) this.say(answer);
  }
}

function clientOf(port: number, { caCert, privateKey, publicKey }: Partial<Credentials>): Client {
  const [ca, key, certificate] = [caCert, privateKey, publicKey].map((pem) => (pem ? Buffer.from(pem) : null));
  const proof = credentials.createSsl(ca ?? null, key ?? null, certificate ?? null);
  return new Client(`127.0.0.1:${port}`, proof, options);
}

/** One call of the stream port with these credentials. */
export async function callAs<In, Out>(
  port: number,
  proof: Partial<Credentials>,
  method: MethodDefinition<In, Out>,
  request: In,
): Promise<Out> {
  const client = clientOf(port, proof);
  try {
    return await callUnary(client, method, request, 5_000);
  } finally {
    client.close();
  }
}
