import {
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  credentials,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import {
  type AgentKind,
  callUnary,
  type Envelope,
  maxToAgentBytes,
  openStream,
  refusalCodeOf,
  streamService,
} from '@runos/agent-protocol';
import type { AgentCredentials } from '../credentials/agent-credentials.js';

/** The agent ports of the plane. */
export interface ServerAddress {
  /** A DNS name or an IP address; the server certificates must contain it. */
  readonly host: string;
  readonly registerPort: number;
  readonly streamPort: number;
}

/** As grpc-js expects it: an IPv6 address in brackets. */
const target = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

const channelOptions: ChannelOptions = {
  // grpc-js otherwise shares connections by address, so a redial could reuse the half-open connection it replaces.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.max_receive_message_length': maxToAgentBytes,
};

/** A client of the stream port with these credentials. Close it after use. */
export function dialStreamPort(server: ServerAddress, { ca, key, certificate }: AgentCredentials): Client {
  const tls = credentials.createSsl(Buffer.from(ca), Buffer.from(key), Buffer.from(certificate));
  return new Client(target(server.host, server.streamPort), tls, channelOptions);
}

/** A client of the register port, which `ca` verifies. */
export const dialRegisterPort = (server: ServerAddress, ca: string): Client =>
  new Client(target(server.host, server.registerPort), credentials.createSsl(Buffer.from(ca)), channelOptions);

/** Opens the stream of an agent on a connection to the stream port. */
export const openAgentStream = (client: Client, kind: AgentKind): ClientDuplexStream<Envelope, Envelope> =>
  openStream(client, kind === 'node' ? streamService.NodeAgentStream : streamService.ClusterAgentStream);

/** Whether an error of `verifyCredentials` proves that the certificate is unusable. An outage does not. */
export function rejectsCertificate(error: unknown): boolean {
  const { code, metadata } = error as Partial<ServiceError>;
  const refusal = refusalCodeOf(metadata);
  if (refusal !== undefined) return refusal.startsWith('certificate-') || refusal === 'agent-kind-mismatch';
  // TLS itself rejects a certificate that does not belong to the key, before anything is sent.
  return typeof code !== 'number' || code === status.UNAUTHENTICATED;
}

const verifyTimeoutMs = 20_000;

/** Rejects when the plane does not accept these credentials. */
export async function verifyCredentials(
  server: ServerAddress,
  agent: AgentCredentials,
  signal?: AbortSignal,
): Promise<void> {
  const client = dialStreamPort(server, agent);
  try {
    await callUnary(client, streamService.GetControlPlaneNodes, {}, verifyTimeoutMs, signal);
  } finally {
    client.close();
  }
}
