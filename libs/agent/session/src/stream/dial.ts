import { type ChannelOptions, type ClientDuplexStream, Client, credentials } from '@grpc/grpc-js';
import {
  type AgentKind,
  callUnary,
  type Envelope,
  maxToAgentBytes,
  openStream,
  streamService,
} from '@runos/agent-protocol';
import type { AgentCredentials } from '../credentials/agent-credentials.js';
import { type ServerAddress, target } from '../registration/server-address.js';

const channelOptions: ChannelOptions = {
  // Connections are otherwise shared by address: a redial could get the half-open one it wants to leave.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.max_receive_message_length': maxToAgentBytes,
};

/** A client of the stream port that proves itself with these credentials. Close it when done. */
export function dial(server: ServerAddress, { ca, key, certificate }: AgentCredentials): Client {
  const proof = credentials.createSsl(Buffer.from(ca), Buffer.from(key), Buffer.from(certificate));
  return new Client(target(server.host, server.streamPort), proof, channelOptions);
}

/** A client of the register port, whose server is verified with `ca`. */
export const dialRegister = (server: ServerAddress, ca: string): Client =>
  new Client(target(server.host, server.registerPort), credentials.createSsl(Buffer.from(ca)), channelOptions);

export const openAgentStream = (client: Client, kind: AgentKind): ClientDuplexStream<Envelope, Envelope> =>
  openStream(client, kind === 'node' ? streamService.NodeAgentStream : streamService.ClusterAgentStream);

const proofMs = 20_000;

/** Resolves when the plane answers somebody with these credentials; rejects with the reason otherwise. */
export async function prove(server: ServerAddress, agent: AgentCredentials, signal?: AbortSignal): Promise<void> {
  const client = dial(server, agent);
  try {
    await callUnary(client, streamService.GetControlPlaneNodes, {}, proofMs, signal);
  } finally {
    client.close();
  }
}
