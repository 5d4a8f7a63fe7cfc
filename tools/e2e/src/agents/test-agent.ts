import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import {
  AgentHello,
  bucketHashes,
  bundlesCapability,
  ClusterAgentHeartbeatToServer,
  type Envelope,
  maxToAgentBytes,
  openStream,
  readReply,
  type ReplyOf,
  type Report,
  reportEnvelope,
  RESYNC,
  type ResyncEntry,
  resyncPages,
  rootOf,
  streamService,
} from '@runos/agent-protocol';
import { randomUUID } from 'node:crypto';

export interface AgentCredentials {
  readonly ca: string;
  readonly key: string;
  readonly certificate: string;
}

/** Connects to the agent gateway with the credentials of an agent. The caller closes it. */
export function agentClient(address: string, proof: AgentCredentials): Client {
  const [ca, key, certificate] = [proof.ca, proof.key, proof.certificate].map((pem) => Buffer.from(pem));
  return new Client(address, credentials.createSsl(ca, key, certificate), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': maxToAgentBytes,
  });
}

/** A cluster agent whose inventory and messages a test controls. */
export class TestAgent {
  readonly #client: Client;
  readonly #stream: ClientDuplexStream<Envelope, Envelope>;
  readonly #pending = new Map<string, (answer: Envelope | Error) => void>();
  /** Receives the plane's instructions; the test replies to them. */
  onInstruction: (instruction: Envelope) => void = () => undefined;

  /** `stream`: that of another kind, to test its refusal, or that of a node. */
  constructor(
    address: string,
    proof: AgentCredentials,
    stream: 'ClusterAgentStream' | 'NodeAgentStream' = 'ClusterAgentStream',
  ) {
    this.#client = agentClient(address, proof);
    this.#stream = openStream(this.#client, streamService[stream]);
    this.#stream.on('data', (envelope: Envelope) => this.#receive(envelope));
    this.#stream.on('error', (error: Error) => {
      for (const settle of this.#pending.values()) settle(error);
    });
  }

  /** Sends hello with its inventory; returns whether the plane has the same one. */
  async hello(entries: readonly ResyncEntry[]): Promise<boolean> {
    const stored = { count: entries.length, root: rootOf(entries) };
    const reply = await this.#report(AgentHello, { version: 'harness', capabilities: [bundlesCapability], ...stored });
    return reply.inSync === true;
  }

  /** Runs the whole resync: root, buckets, and pages of the buckets that differ. */
  async resync(entries: readonly ResyncEntry[]): Promise<void> {
    const { equal } = await this.#report(RESYNC, { step: 'root', count: entries.length, root: rootOf(entries) });
    if (equal === true) return;
    const { differing = [] } = await this.#report(RESYNC, { step: 'buckets', buckets: bucketHashes(entries) });
    for (const page of resyncPages(entries, differing)) await this.#report(RESYNC, page);
  }

  /** Sends one heartbeat and waits for its reply. */
  async heartbeat(): Promise<void> {
    await this.#report(ClusterAgentHeartbeatToServer, {});
  }

  /** Sends an envelope without waiting for a reply. */
  send(envelope: Envelope): void {
    this.#stream.write(envelope);
  }

  /** Sends an envelope and waits for the one with the same tag. Rejects when the stream ends. */
  async exchange(envelope: Envelope): Promise<Envelope> {
    const answer = await new Promise<Envelope | Error>((resolve) => {
      this.#pending.set(envelope.tag, resolve);
      this.#stream.write(envelope);
    });
    this.#pending.delete(envelope.tag);
    if (answer instanceof Error) throw answer;
    return answer;
  }

  close(): void {
    this.#stream.on('error', () => undefined);
    this.#stream.cancel();
    this.#client.close();
  }

  async #report<R extends Report>(report: R, body: unknown): Promise<ReplyOf<R>> {
    const read = readReply(report, await this.exchange(reportEnvelope(report, body as never, randomUUID())));
    if (!read.ok) throw new Error(`${report.type}: ${read.problem}`);
    return read.value;
  }

  #receive(envelope: Envelope): void {
    const waiting = this.#pending.get(envelope.tag);
    if (waiting) return waiting(envelope);
    this.onInstruction(envelope);
  }
}
