import { randomUUID, X509Certificate } from 'node:crypto';
import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import {
  AgentHello,
  AgentIdentity,
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
import { issueLeaf, newEcKey } from '@runos/pki';
import { keyringSettings } from '@runos/security';
import type { Client as SqlClient } from 'pg';
import { readDataFile } from '../plane-data.js';

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

const dayMs = 86_400_000;

/** Issues certificates of cluster agents like registration does, without its rate limit. */
export async function issueAgentCredentials(
  sql: SqlClient,
  data: string,
  aid: string,
  cids: readonly string[],
): Promise<Map<string, AgentCredentials>> {
  const { keyrings } = await readDataFile<{ keyrings: Record<string, string> }>(data, 'secrets.json');
  const keyring = keyringSettings.keyring.parse(keyrings['agent-gateway']);
  const { rows } = await sql.query<{ certificate: string; sealed_key: string }>(
    `SELECT certificate, sealed_key FROM agent_gateway.authority WHERE name = 'l2'`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the plane has no CA for agents');
  const authority = { certificatePem: row.certificate, keyPem: keyring.unseal(row.sealed_key, 'authority/l2') };
  const { keyPem: key, publicKey } = await newEcKey();
  const credentials = new Map<string, AgentCredentials>();
  for (const cid of cids) {
    const certificate = await issueLeaf(authority, {
      publicKey,
      usage: 'client',
      commonName: `cluster:${cid}`,
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + dayMs),
      uris: [AgentIdentity.print(AgentIdentity.parse(`runos://${aid}/${cid}/cluster`) as AgentIdentity)],
    });
    const { serialNumber, fingerprint256, validTo } = new X509Certificate(certificate);
    await sql.query(
      `INSERT INTO agent_gateway.certificate (serial, fingerprint, aid, cid, nid, expires_at) VALUES ($1, $2, $3, $4, '', $5)`,
      [serialNumber.toLowerCase(), fingerprint256.replaceAll(':', '').toLowerCase(), aid, cid, new Date(validTo)],
    );
    credentials.set(cid, { ca: authority.certificatePem, key, certificate });
  }
  return credentials;
}
