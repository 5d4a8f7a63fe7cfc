import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import {
  AgentHello,
  bucketHashes,
  bundlesCapability,
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

/** A cluster agent that stores what it is told it stores, and only compares it with the plane. */
export class HarnessAgent {
  readonly #client: Client;
  readonly #stream: ClientDuplexStream<Envelope, Envelope>;
  readonly #asked = new Map<string, (answer: Envelope | Error) => void>();
  /** Bundles that the plane sent again. */
  redelivered = 0;

  constructor(address: string, proof: Proof) {
    const [ca, key, certificate] = [proof.ca, proof.key, proof.certificate].map((pem) => Buffer.from(pem));
    this.#client = new Client(address, credentials.createSsl(ca, key, certificate), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': maxToAgentBytes,
    });
    this.#stream = openStream(this.#client, streamService.ClusterAgentStream);
    this.#stream.on('data', (envelope: Envelope) => this.#heard(envelope));
    this.#stream.on('error', (error: Error) => {
      for (const settle of this.#asked.values()) settle(error);
    });
  }

  /** Says hello with what it stores; answers whether the plane thinks the same. */
  async hello(entries: readonly ResyncEntry[]): Promise<boolean> {
    const stored = { count: entries.length, root: rootOf(entries) };
    const said = await this.#ask(AgentHello, { version: 'bench', capabilities: [bundlesCapability], ...stored });
    return said.inSync === true;
  }

  /** The whole exchange: root, buckets, lists of the buckets that differ. */
  async resync(entries: readonly ResyncEntry[]): Promise<void> {
    const { equal } = await this.#ask(RESYNC, { step: 'root', count: entries.length, root: rootOf(entries) });
    if (equal === true) return;
    const { differing = [] } = await this.#ask(RESYNC, { step: 'buckets', buckets: bucketHashes(entries) });
    for (const page of resyncPages(entries, differing)) await this.#ask(RESYNC, page);
  }

  close(): void {
    this.#stream.on('error', () => undefined);
    this.#stream.cancel();
    this.#client.close();
  }

  async #ask<R extends Report>(report: R, body: unknown): Promise<ReplyOf<R>> {
    const tag = randomUUID();
    const answer = await new Promise<Envelope | Error>((resolve) => {
      this.#asked.set(tag, resolve);
      this.#stream.write(reportEnvelope(report, body as never, tag));
    });
    this.#asked.delete(tag);
    if (answer instanceof Error) throw answer;
    const read = readReply(report, answer);
    if (!read.ok) throw new Error(`${report.type}: ${read.problem}`);
    return read.value;
  }

  #heard(envelope: Envelope): void {
    const waiting = this.#asked.get(envelope.tag);
    if (waiting) return waiting(envelope);
    if (envelope.type === 'APPLY_BUNDLE') this.redelivered += 1;
  }
}
