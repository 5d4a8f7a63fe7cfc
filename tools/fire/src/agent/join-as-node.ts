import { type ChannelCredentials, Client, credentials } from '@grpc/grpc-js';
import { callUnary, registerService } from '@runos/agent-protocol';
import { createSigningRequest } from '@runos/pki';
import { ApiClient, type Dev } from '@runos/tool-e2e';
import { readFile } from 'node:fs/promises';

/** Registers a machine of the plane's own account at a door, and resolves with what its stream proves itself by. */
export async function joinAsNode(dev: Dev, door: string, machineId: string): Promise<ChannelCredentials> {
  const api = new ApiClient(dev.apiUrl, dev.token);
  const { body } = await api.post(`/${dev.aid}/clusters/${dev.cid}/registration-tokens`, { purpose: 'node' });
  const client = new Client(door, credentials.createSsl(await readFile(dev.agentGateway.ca)));
  try {
    const { csrPem, keyPem } = await createSigningRequest();
    const asked = { aid: dev.aid, token: String(body['token']), csrPem, agentKind: 'node', machineId, os: 'x' };
    const { publicKey, caCert } = await callUnary(client, registerService.Register, asked, 10_000);
    return credentials.createSsl(Buffer.from(caCert), Buffer.from(keyPem), Buffer.from(publicKey));
  } finally {
    client.close();
  }
}
