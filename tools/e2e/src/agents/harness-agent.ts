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

export interface Proof {
  readonly ca: string;
  readonly key: string;
  readonly certificate: string;
}

/** Speaks to the door of agents as the agent that a certificate is of. Close it when done. */
export function agentClient(address: string, proof: Proof): Client {
  const [ca, key, certificate] = [proof.ca, proof.key, proof.certificate].map((pem) => Buffer.from(pem));
  return new Client(address, credentials.createSsl(ca, key, certificate), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': maxToAgentBytes,
  });
}

/** A cluster agent that stores what it is told it stores, compares it with the plane, and says whatever it is told to. */
export class HarnessAgent {
  readonly #client: Client;
  readonly #stream: ClientDuplexStream<Envelope, Envelope>;
  readonly #asked = new Map<string, (answer: Envelope | Error) => void>();
  /** Hears what the plane tells it to do; nobody else answers that. */
  onInstruction: (instruction: Envelope) => void = () => undefined;

  /** `stream`: another than that of its kind, to see it refused, or that of a node. */
  constructor(address: string, proof: Proof, stream: 'ClusterAgentStream' | 'NodeAgentStream' = 'ClusterAgentStream') {
    this.#client = agentClient(address, proof);
    this.#stream = openStream(this.#client, streamService[stream]);
    this.#stream.on('data', (envelope: Envelope) => this.#heard(envelope));
    this.#stream.on('error', (error: Error) => {
      for (const settle of this.#asked.values()) settle(error);
    });
  }

  /** Says hello with what it stores; answers whether the plane thinks the same. */
  async hello(entries: readonly ResyncEntry[]): Promise<boolean> {
    const stored = { count: entries.length, root: rootOf(entries) };
    const said = await this.#ask(AgentHello, { version: 'harness', capabilities: [bundlesCapability], ...stored });
    return said.inSync === true;
  }

  /** The whole exchange: root, buckets, lists of the buckets that differ. */
  async resync(entries: readonly ResyncEntry[]): Promise<void> {
    const { equal } = await this.#ask(RESYNC, { step: 'root', count: entries.length, root: rootOf(entries) });
    if (equal === true) return;
    const { differing = [] } = await this.#ask(RESYNC, { step: 'buckets', buckets: bucketHashes(entries) });
    for (const page of resyncPages(entries, differing)) await this.#ask(RESYNC, page);
  }

  /** One heartbeat, answered. */
  async beat(): Promise<void> {
    await this.#ask(ClusterAgentHeartbeatToServer, {});
  }

  /** Says something that nobody answers. */
  say(envelope: Envelope): void {
    this.#stream.write(envelope);
  }

  /** Says something and waits for whatever comes back with its tag. Rejects when the stream ends. */
  async exchange(envelope: Envelope): Promise<Envelope> {
    const answer = await new Promise<Envelope | Error>((resolve) => {
      this.#asked.set(envelope.tag, resolve);
      this.#stream.write(envelope);
    });
    this.#asked.delete(envelope.tag);
    if (answer instanceof Error) throw answer;
    return answer;
  }

  close(): void {
    this.#stream.on('error', () => undefined);
    this.#stream.cancel();
    this.#client.close();
  }

  async #ask<R extends Report>(report: R, body: unknown): Promise<ReplyOf<R>> {
    const read = readReply(report, await this.exchange(reportEnvelope(report, body as never, randomUUID())));
    if (!read.ok) throw new Error(`${report.type}: ${read.problem}`);
    return read.value;
  }

  #heard(envelope: Envelope): void {
    const waiting = this.#asked.get(envelope.tag);
    if (waiting) return waiting(envelope);
    this.onInstruction(envelope);
  }
}
